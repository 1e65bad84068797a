//! The Open Inference Protocol as it lies on the wire; stock clients are in `conformance/doors`.

use serde_json::{Value, json};

use super::client::{Running, Said};

const INFER: &str = "/v2/models/sam/infer";

#[allow(clippy::needless_pass_by_value, reason = "it is made where it is given")]
fn input(name: &str, datatype: &str, data: Value) -> Value {
    let n = data.as_array().unwrap().len();
    json!({ "name": name, "datatype": datatype, "shape": [n], "data": data })
}

#[track_caller]
fn refused(said: &Said, status: u16, why: &str) {
    assert_eq!(said.status, status, "{}", said.text());
    assert_eq!(said.header("content-type"), Some("application/json"));
    let told = said.json();
    assert_eq!(told.as_object().unwrap().len(), 1, "{told}");
    assert!(told["error"].as_str().unwrap().contains(why), "{why}: {told}");
}

#[test]
fn a_batch_is_learned_and_asked_row_by_row() {
    let r = Running::with_sam(&[]);
    let learn = json!({ "inputs": [
        input("a", "INT32", json!([1, 5, 2, 6])),
        input("city", "BYTES", json!(["Delft", "Gent", null, "Delft"])),
        input("y", "BOOL", json!([false, true, false, true])),
    ] });
    let spec = json!({"model": ["OneHotEncoder", "LogisticRegression"]});
    assert_eq!(r.put("/v1/identities/tom", &spec).status, 201);
    let said = r.post("/v2/models/tom/infer", &learn);
    assert_eq!(said.status, 200, "{}", said.text());
    assert_eq!(
        (said.json()["model_version"].as_str(), said.header("her-version")),
        (Some("5"), Some("5"))
    );
    let log = r.get("/v1/identities/tom/log?from=2").lines();
    assert_eq!(log[0]["x"], json!({ "a": 1.0, "city": "Delft" }));
    assert_eq!(log[2]["x"], json!({ "a": 2.0 }), "what is missing is left out");

    let ask = json!({ "id": "", "inputs": [input("a", "FP32", json!([6, 1]))] });
    let said = r.post("/v2/models/tom/infer", &ask).json();
    let outputs = &said["outputs"];
    assert_eq!(
        outputs[0],
        json!({
            "name": "predict", "datatype": "BOOL", "shape": [2], "data": outputs[0]["data"],
        })
    );
    assert_eq!(
        (&outputs[1]["shape"], &outputs[2]["data"]),
        (&json!([2, 2]), &json!([false, true]))
    );
    let v1 = r.post("/v1/identities/tom/predict", &json!({"x": {"a": 6}})).json();
    assert_eq!(outputs[1]["data"][1], v1["prediction"]["proba"]["true"]);
    assert_eq!(said["model_version"], "5", "asking leaves no trace");
    r.stop();
}

#[test]
fn tensors_lie_behind_the_json_both_ways() {
    let r = Running::with_sam(&[]);
    let json = json!({
        "parameters": { "binary_data_output": true },
        "inputs": [{ "name": "x", "datatype": "FP64", "shape": [2, 2],
                     "parameters": { "binary_data_size": 32 } }],
    })
    .to_string();
    let mut body = json.clone().into_bytes();
    for v in [1f64, 2.0, 3.0, f64::NAN] {
        body.extend(v.to_le_bytes());
    }
    let ask = |length: usize, body: &[u8]| {
        let mut wire = r.connect();
        let head = r.head("POST", INFER);
        wire.send(&format!(
            "{head}inference-header-content-length: {length}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        ));
        std::io::Write::write_all(wire.stream(), body).unwrap();
        wire.said()
    };
    let said = ask(json.len(), &body);
    assert_eq!((said.status, said.header("content-type")), (200, Some("application/octet-stream")));
    let length: usize = said.header("inference-header-content-length").unwrap().parse().unwrap();
    let answer: Value = serde_json::from_slice(&said.body[..length]).unwrap();
    let sizes: Vec<&Value> = answer["outputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|o| &o["parameters"]["binary_data_size"])
        .collect();
    assert_eq!(sizes, [&json!(2), &json!(32), &json!(2)]);
    assert_eq!(said.body.len() - length, 36);

    refused(&ask(body.len() + 1, &body), 400, "fewer than inference-header-content-length says");
    refused(&ask(json.len(), &body[..body.len() - 1]), 400, "bytes are left");
    refused(&ask(json.len() - 1, &body), 400, "not JSON");
    r.stop();
}

#[test]
fn an_id_is_the_key_of_a_late_label() {
    let r = Running::with_sam(&[]);
    let ask = json!({ "id": "order-1", "inputs": [input("a", "FP64", json!([1.5]))] });
    let said = r.post(INFER, &ask).json();
    assert_eq!((&said["id"], &said["model_version"]), (&json!("order-1"), &json!("2")));
    refused(&r.post(INFER, &ask), 409, "order-1");
    let label = json!({ "id": "order-1", "inputs": [input("y", "BOOL", json!([true]))] });
    assert_eq!(r.post(INFER, &label).json()["model_version"], "3");
    refused(&r.post(INFER, &label), 410, "order-1");
    refused(&r.post(INFER, &json!({ "inputs": label["inputs"] })), 422, "needs the id");

    let two = json!({ "id": "o", "inputs": [input("a", "FP64", json!([1, 2]))] });
    assert_eq!(r.post(INFER, &two).json()["model_version"], "5");
    assert_eq!(r.post("/v1/identities/sam/label", &json!({"id": "o/1", "y": false})).status, 200);

    let mut only = ask.clone();
    only["parameters"] = json!({ "remember": false });
    assert_eq!(r.post(INFER, &only).json()["model_version"], "6", "nothing is remembered");
    assert_eq!(r.post("/v1/identities/sam/freeze", &json!({})).status, 200);
    assert_eq!(r.post(INFER, &ask).json()["model_version"], "7", "frozen, and still asked");
    let learn =
        json!({ "inputs": [input("a", "FP64", json!([1])), input("y", "BOOL", json!([true]))] });
    refused(&r.post(INFER, &learn), 409, "frozen");
    r.stop();
}

#[test]
fn numbered_rows_are_learned_once_and_a_wrong_row_is_named() {
    let r = Running::with_sam(&[]);
    let learn = json!({
        "parameters": { "client": "c", "n": 10, "target": "bought" },
        "inputs": [input("a", "FP64", json!([1, 2])), input("bought", "INT64", json!([1, 0]))],
    });
    assert_eq!(r.post(INFER, &learn).json()["model_version"], "3");
    let again = r.post(INFER, &learn).json();
    assert_eq!(
        (&again["model_version"], &again["parameters"]),
        (&json!("3"), &json!({"duplicate": true}))
    );
    let wrong = json!({
        "inputs": [input("a", "FP64", json!([1, 2, 3])), input("y", "INT64", json!([1, 7, 0]))],
    });
    refused(&r.post(INFER, &wrong), 422, "row 1: ");
    refused(&r.post(INFER, &wrong), 422, "2 of 3 rows were taken");
    r.stop();
}

#[test]
fn versions_are_the_identity_as_it_was() {
    let r = Running::with_sam(&[]);
    for i in 0..20 {
        r.post("/v1/identities/sam/learn", &super::client::event(i));
    }
    let ask =
        json!({ "inputs": [input("a", "FP64", json!([50])), input("b", "FP64", json!([3]))] });
    let said = r.post("/v2/models/sam/versions/10/infer", &ask).json();
    let v1 = r.post("/v1/identities/sam/at/10/predict", &json!({"x": {"a": 50, "b": 3}})).json();
    assert_eq!(said["outputs"][1]["data"][1], v1["prediction"]["proba"]["true"]);
    assert_eq!(said["model_version"], "10");
    let mut learn = ask.clone();
    learn["inputs"].as_array_mut().unwrap().push(input("y", "BOOL", json!([true])));
    refused(&r.post("/v2/models/sam/versions/10/infer", &learn), 422, "learns no more");
    refused(&r.post("/v2/models/sam/versions/99/infer", &ask), 404, "99");
    refused(&r.get("/v2/models/sam/versions/99/ready"), 404, "99");
    refused(&r.get("/v2/models/sam/versions/x/ready"), 400, "path");
    assert_eq!(r.get("/v2/models/sam/versions/10/ready").json()["ready"], true);
    let model = r.get("/v2/models/sam").json();
    assert_eq!(model["versions"], json!(["21"]));
    assert_eq!(model["inputs"][1], json!({"name": "b", "datatype": "FP64", "shape": [-1]}));
    assert_eq!(model["outputs"][0]["datatype"], "BOOL");
    r.stop();
}

#[test]
fn refusals_are_flat() {
    let r = Running::with_sam(&[]);
    refused(
        &r.post("/v2/models/nobody/infer", &json!({ "inputs": [input("a", "FP64", json!([1]))] })),
        404,
        "nobody",
    );
    refused(&r.post(INFER, &json!({})), 400, "inputs");
    refused(&r.ask("POST", INFER, "text/plain", b"{}"), 415, "text/plain");
    refused(&r.ask("POST", INFER, "application/json", b"{"), 400, "not JSON");
    refused(&r.get("/v2/nothing"), 404, "no route");
    refused(&r.get(INFER), 405, "POST");
    let many = json!({ "inputs": [{ "name": "x", "datatype": "FP64", "shape": [1, 3], "data": [[1, 2, "3"]] }] });
    refused(&r.post(INFER, &many), 400, "element 2");
    let mut wire = r.connect();
    wire.send(&format!("GET /v2 HTTP/1.1\r\nhost: {}\r\n\r\n", r.addr));
    refused(&wire.said(), 401, "Bearer");
    let mut wire = r.connect();
    wire.send(&format!("GET /v2/health/live HTTP/1.1\r\nhost: {}\r\n\r\n", r.addr));
    assert_eq!(wire.said().status, 200, "signs of life need no token");
    r.stop();
}

#[test]
fn a_token_does_here_what_it_may_do_elsewhere() {
    let mut r = Running::with_sam(&[]);
    let first = r.token.clone();
    let mut as_one_who = |scope: &str| {
        let mut her = std::process::Command::new(env!("CARGO_BIN_EXE_her"));
        her.args(["token", "new", "--json", "--scope", scope, "--data-dir"]).arg(r.dir.path());
        let made: Value = serde_json::from_slice(&her.output().unwrap().stdout).unwrap();
        r.token = made["token"].as_str().unwrap().to_owned();
        let x = input("a", "FP64", json!([1]));
        let y = input("y", "BOOL", json!([true]));
        let ask =
            |id: &str, inputs: Value| r.post(INFER, &json!({ "id": id, "inputs": inputs })).status;
        // A running server hears of a new token within a second.
        std::thread::sleep(std::time::Duration::from_millis(1_500));
        let statuses = [
            ask("", json!([x])),
            ask(scope, json!([x])),
            ask("", json!([x, y])),
            ask("predict", json!([y])),
        ];
        r.token.clone_from(&first);
        statuses
    };
    assert_eq!(as_one_who("predict"), [200, 200, 403, 403]);
    assert_eq!(as_one_who("predict,label"), [200, 200, 403, 200]);
    assert_eq!(as_one_who("predict,learn"), [200, 200, 200, 403]);
    assert_eq!(as_one_who("read"), [403; 4]);
    r.stop();
}
