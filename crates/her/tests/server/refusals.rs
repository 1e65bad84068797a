//! Everything that is refused: by name, and with the identity as it was.

use serde_json::{Value, json};

use super::client::{Running, event};

#[test]
fn every_route_wants_the_token() {
    // More refusals than one address may have in a minute.
    let r = Running::with_sam(&["limits.refused_per_min=1000"]);
    let document = r.get("/openapi.json").json();
    let before = r.bytes();
    let mut walked = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path = path.replace("{name}", "sam").replace("{version}", "1");
        let path = path.replace("{client}", "c");
        for (method, operation) in methods.as_object().unwrap() {
            let open = operation["security"] == json!([]);
            let signs = ["/livez", "/readyz", "/docs", "/v2/health/live", "/v2/health/ready"];
            assert_eq!(open, signs.contains(&path.as_str()), "{path}");
            let mut wire = r.connect();
            let method = method.to_uppercase();
            for auth in ["", "authorization: Bearer her_wrong\r\n", "authorization: Basic eDp5\r\n"]
            {
                wire.send(&format!(
                    "{method} {path} HTTP/1.1\r\nhost: {}\r\n{auth}content-length: 0\r\n\r\n",
                    r.addr
                ));
                let said = wire.said();
                assert_eq!(said.status == 401, !open, "{method} {path}: {}", said.status);
                if !open {
                    if path.starts_with("/v2") {
                        assert!(said.json()["error"].as_str().unwrap().contains("token"));
                    } else if path.starts_with("/openai/") {
                        let error = said.json()["error"].clone();
                        assert_eq!(error["code"], "invalid_api_key", "{error}");
                        assert!(error["message"].as_str().unwrap().contains("token"));
                    } else {
                        said.refused(401, "unauthorized", "token");
                    }
                    assert_eq!(said.header("www-authenticate"), Some("Bearer realm=\"her\""));
                }
            }
            walked += 1;
        }
    }
    assert!(walked > 20);
    assert_eq!(r.bytes(), before);
    let mut wire = r.connect();
    wire.send(&format!("GET /nowhere HTTP/1.1\r\nhost: {}\r\n\r\n", r.addr));
    assert_eq!(wire.said().status, 401, "not even what exists is told");
}

#[test]
fn pages_of_others_are_refused() {
    let r = Running::new(&[]);
    let said = |headers: &str| {
        let mut wire = r.connect();
        wire.send(&format!(
            "GET /v1/identities HTTP/1.1\r\n{headers}authorization: Bearer {}\r\n\r\n",
            r.token
        ));
        wire.said()
    };
    said("host: evil.example\r\n").refused(403, "forbidden", "evil.example");
    said("host: localhost\r\norigin: http://evil.example\r\n").refused(403, "forbidden", "evil");
    said("").refused(400, "malformed", "Host");
    assert_eq!(said("host: localhost\r\norigin: http://localhost\r\n").status, 200);
}

#[test]
fn bad_input_is_named_and_changes_nothing() {
    let r = Running::with_sam(&[]);
    r.post("/v1/identities/sam/learn", &event(1));
    let before = r.bytes();
    let check = |path: &str, body: &str, status, kind: &str, detail: &str| {
        let path = format!("/v1/identities/sam/{path}");
        r.ask("POST", &path, "application/json", body.as_bytes()).refused(status, kind, detail);
    };
    check("learn", "{\"x\": {\"a\": 1}, \"y\": tru", 400, "malformed", "not JSON");
    check("learn", "{\"x\": {\"a\": NaN}, \"y\": true}", 400, "malformed", "not JSON");
    check("learn", "{\"x\": {\"a\": 1e999}, \"y\": true}", 400, "malformed", "not JSON");
    check("learn", "", 400, "malformed", "not JSON");
    check("learn", "[]", 422, "invalid", "an event is an object");
    check("learn", "{\"x\": {\"a\": [1]}, \"y\": true}", 422, "invalid", "\"a\"");
    check("learn", "{\"x\": 3, \"y\": true}", 422, "invalid", "features must be an object");
    check("learn", "{\"x\": {\"a\": 1}, \"z\": true}", 422, "invalid", "\"z\"");
    check("learn", "{\"x\": {\"a\": 1}}", 422, "invalid", "has no label");
    check("learn", "{\"x\": {\"a\": 1}, \"y\": true, \"w\": -1}", 422, "invalid", "weight");
    check("learn", "{\"x\": {\"a\": 1}, \"y\": {}}", 422, "invalid", "target");
    check("learn", "{\"x\": {\"a\": 1}, \"y\": 17.5}", 422, "invalid", "17.5");
    check("learn", &"[".repeat(17), 400, "malformed", "limits.json_depth");
    check("learn?n=3", "{}", 400, "malformed", "client");
    check("learn?m=3", "{}", 400, "malformed", "unknown field 'm'");
    check("predict", "{\"a\": 1}", 400, "malformed", "\"a\"");
    check("predict", "{}", 400, "malformed", "needs x");
    check("predict?min_version=x", "{\"x\": {}}", 400, "malformed", "min_version");
    check("predict?min_version=9", "{\"x\": {}}", 412, "behind", "version 9");
    check("label", "{\"id\": \"a\"}", 400, "malformed", "id and y");
    check("label", "{\"id\": 3, \"y\": true}", 422, "invalid", "id must be a string");
    check("rewind", "{}", 400, "malformed", "version");
    check("rewind", "{\"version\": 99}", 404, "not_found", "99");
    check("rewind", "{\"version\": 0}", 422, "invalid", "begin at 1");
    check("rewind", "{\"version\": -1}", 400, "malformed", "-1");
    check("fork", "{\"version\": 1}", 400, "malformed", "\"name\"");
    check("fork", "{\"name\": \"sam\"}", 409, "exists", "sam");
    check("fork", "{\"name\": \"a/b\"}", 422, "invalid", "a/b");
    check("tag", "{\"tag\": \"t\", \"version\": 99}", 404, "not_found", "99");
    check("at/99/predict", "{\"x\": {}}", 404, "not_found", "99");
    check("at/x/predict", "{\"x\": {}}", 400, "malformed", "path");
    assert_eq!(r.bytes(), before, "the model is what it was, to the bit");
}

#[test]
fn limits_have_names() {
    let r = Running::with_sam(&[]);
    let before = r.bytes();
    let learn = "/v1/identities/sam/learn";
    let big = format!("{{\"x\": {{\"a\": \"{}\"}}, \"y\": true}}", "a".repeat(1 << 20));
    let said = r.ask("POST", learn, "application/json", big.as_bytes());
    said.refused(413, "too_large", "limits.body_mib");

    let many: serde_json::Map<String, Value> =
        (0..10_001).map(|i| (format!("f{i}"), json!(1))).collect();
    r.post(learn, &json!({"x": many, "y": true})).refused(422, "invalid", "10001 features");
    let long = json!({"x": {"n".repeat(257): 1}, "y": true});
    r.post(learn, &long).refused(422, "invalid", "257 bytes");
    let text = json!({"x": {"t": "a".repeat(65 * 1024)}, "y": true});
    r.post(learn, &text).refused(422, "invalid", "a text of");
    let id = json!({"x": {"a": 1}, "id": "i".repeat(129)});
    r.post("/v1/identities/sam/predict", &id).refused(422, "invalid", "129 bytes");
    let name = format!("/v1/identities/{}", "n".repeat(65));
    r.put(&name, &json!("LinearRegression")).refused(422, "invalid", "at most 64");
    let said = r.ask("POST", learn, "text/csv", b"a,b\n");
    said.refused(415, "media_type", "application/x-ndjson");
    assert_eq!(r.bytes(), before);
    let mut wire = r.connect();
    wire.send(&format!("{}x-long: {}\r\n\r\n", r.head("GET", "/livez"), "a".repeat(9_000)));
    assert_eq!(wire.answer().status, 431);
}

#[test]
fn a_chunked_body_meets_the_same_limit() {
    let r = Running::with_sam(&[]);
    let mut wire = r.connect();
    let head = r.head("POST", "/v1/identities/sam/learn");
    wire.send(&format!(
        "{head}content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    ));
    let text = " ".repeat(64 << 10);
    for _ in 0..17 {
        use std::io::Write;
        let _ = wire.stream().write_all(format!("{:x}\r\n{text}\r\n", text.len()).as_bytes());
    }
    wire.said().refused(413, "too_large", "limits.body_mib");
}

#[test]
fn what_does_not_exist_is_not_found() {
    let r = Running::with_sam(&[]);
    for (method, path) in [
        ("GET", "/v1/identities/eve"),
        ("GET", "/v1/identities/eve/log"),
        ("GET", "/v1/identities/eve/events"),
        ("GET", "/v1/identities/eve/at/1"),
        ("GET", "/v1/identities/eve/at/1/model"),
        ("GET", "/v1/identities/eve/model"),
        ("GET", "/v1/identities/eve/diff?from=1"),
        ("POST", "/v1/identities/eve/freeze"),
        ("POST", "/v1/identities/eve/snapshot"),
        ("POST", "/v1/identities/eve/verify"),
    ] {
        r.ask(method, path, "", b"").refused(404, "not_found", "\"eve\"");
    }
    let said = r.ask("POST", "/v1/identities/eve/learn", "application/x-ndjson", b"{}\n");
    said.refused(404, "not_found", "\"eve\"");
    r.post("/v1/identities/eve/learn", &event(1)).refused(404, "not_found", "\"eve\"");
    r.post("/v1/identities/eve/predict", &json!({"x": {}})).refused(404, "not_found", "\"eve\"");
    r.get("/v1/nothing").refused(404, "no_route", "/v1/nothing");
    let said = r.ask("DELETE", "/v1/identities/sam", "", b"");
    said.refused(405, "method", "GET");
    assert!(said.header("allow").unwrap().contains("PUT"));
}

#[test]
fn bad_specs_say_where() {
    let r = Running::with_sam(&[]);
    let check = |spec: Value, status, kind: &str, detail: &str| {
        r.put("/v1/identities/new", &spec).refused(status, kind, detail);
    };
    check(json!("LogisticRegresion"), 422, "invalid", "LogisticRegresion");
    check(json!(["StandardScaler", {"LogisticRegression": {"l3": 1}}]), 422, "invalid", "l3");
    check(json!({"model": "LinearRegression", "names": 1}), 422, "invalid", "names");
    check(json!({"model": "LinearRegression", "names_max": 1}), 422, "invalid", "names_max");
    check(json!(null), 422, "invalid", "");
    r.put("/v1/identities/sam", &json!("LinearRegression")).refused(409, "exists", "sam");
    r.get("/v1/identities/new").refused(404, "not_found", "new");
}
