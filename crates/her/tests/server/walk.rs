//! Who is let in where: every route of the table, and some that are in none, with every kind of
//! token. What is seen is compared with the table below; a route that is not in it fails.

use std::collections::BTreeMap;

use her::server::route_table;

use super::client::Running;
use super::locks::{her, made};

/// What each route wants; `talk` is one of predict, learn and label. `!` marks a route about all
/// identities at once.
const WANTED: &[(&str, &str, &str)] = &[
    ("PUT", "/v1/identities/{name}", "admin"),
    ("GET", "/v1/identities", "read"),
    ("GET", "/v1/identities/{name}", "read"),
    ("POST", "/v1/identities/{name}/predict", "predict"),
    ("POST", "/v1/identities/{name}/learn", "learn"),
    ("POST", "/v1/identities/{name}/label", "label"),
    ("POST", "/v1/identities/{name}/nearest", "read"),
    ("GET", "/v1/identities/{name}/log", "read"),
    ("GET", "/v1/identities/{name}/events", "read"),
    ("GET", "/v1/identities/{name}/at/{version}", "read"),
    ("POST", "/v1/identities/{name}/at/{version}/predict", "predict"),
    ("GET", "/v1/identities/{name}/diff", "read"),
    ("POST", "/v1/identities/{name}/fork", "admin"),
    ("POST", "/v1/identities/{name}/rewind", "admin"),
    ("POST", "/v1/identities/{name}/forget", "admin"),
    ("POST", "/v1/identities/{name}/freeze", "admin"),
    ("POST", "/v1/identities/{name}/leave", "admin"),
    ("GET", "/v1/legacy", "read!"),
    ("POST", "/v1/identities/{name}/tag", "admin"),
    ("POST", "/v1/identities/{name}/snapshot", "admin"),
    ("POST", "/v1/identities/{name}/verify", "read"),
    ("GET", "/v1/identities/{name}/chart", "read"),
    ("GET", "/v1/identities/{name}/alarms", "read"),
    ("GET", "/v1/identities/{name}/ws", "talk"),
    ("GET", "/v1/identities/{name}/talk", "talk"),
    ("POST", "/v1/identities/{name}/talk", "talk"),
    ("GET", "/v1/identities/{name}/channels", "read"),
    ("GET", "/v1/channels", "read!"),
    ("POST", "/v1/identities/{name}/depart", "admin"),
    ("GET", "/v1/identities/{name}/departures", "read"),
    ("POST", "/v1/identities/{name}/complete", "admin"),
    ("POST", "/v1/identities/{name}/adopt", "admin"),
    ("GET", "/v1/departures", "read!"),
    ("GET", "/v1/departures/{id}", "read!"),
    ("POST", "/v1/departures/{id}/cancel", "admin!"),
    ("GET", "/v1/identities/{name}/peers", "read"),
    ("POST", "/v1/identities/{name}/peers", "admin"),
    ("POST", "/v1/identities/{name}/peers/remove", "admin"),
    ("POST", "/v1/identities/{name}/peers/retract", "admin"),
    ("POST", "/v1/identities/{name}/sync", "admin"),
    ("POST", "/v1/identities/{name}/books", "admin"),
    ("POST", "/v1/identities/{name}/books/write", "admin"),
    ("GET", "/v1/nodes", "read!"),
    ("GET", "/v1/gates", "read!"),
    ("GET", "/v1/identities/{name}/gates", "read"),
    ("GET", "/v1/identities/{name}/gates/figures", "read"),
    ("POST", "/v1/identities/{name}/gates/{gate}/approve", "admin"),
    ("GET", "/ui", "read!"),
    ("GET", "/ui/live", "read!"),
    ("GET", "/ui/peers", "read!"),
    ("GET", "/ui/legacy", "read!"),
    ("GET", "/ui/system", "read!"),
    ("GET", "/ui/audit", "admin!"),
    ("GET", "/ui/login", "open"),
    ("POST", "/ui/login", "open"),
    ("GET", "/ui/-/page.css", "open"),
    ("GET", "/ui/-/page.js", "open"),
    ("GET", "/ui/-/icon.svg", "open"),
    ("GET", "/ui/{name}", "read"),
    ("GET", "/ui/{name}/now", "read"),
    ("GET", "/ui/{name}/live", "read"),
    ("GET", "/ui/{name}/memory", "read"),
    ("GET", "/ui/{name}/talk", "predict"),
    ("GET", "/ui/{name}/channels", "read"),
    ("GET", "/ui/{name}/departure", "read"),
    ("POST", "/ui/{name}/rewind", "admin"),
    ("POST", "/ui/{name}/forget", "admin"),
    ("POST", "/ui/{name}/gates/{gate}/approve", "admin"),
    ("GET", "/v1/identities/{name}/model", "read"),
    ("GET", "/v1/identities/{name}/at/{version}/model", "read"),
    ("GET", "/v1/identities/{name}/card", "read"),
    ("GET", "/v1/identities/{name}/clients/{client}", "read"),
    ("GET", "/v2", "read"),
    ("GET", "/v2/health/live", "open"),
    ("GET", "/v2/health/ready", "open"),
    ("GET", "/v2/models/{name}", "read"),
    ("GET", "/v2/models/{name}/ready", "read"),
    ("GET", "/v2/models/{name}/versions/{version}", "read"),
    ("GET", "/v2/models/{name}/versions/{version}/ready", "read"),
    ("POST", "/v2/models/{name}/infer", "predict"),
    ("POST", "/v2/models/{name}/versions/{version}/infer", "predict"),
    ("GET", "/openai/v1/models", "predict"),
    ("GET", "/openai/v1/models/{model}", "predict"),
    ("POST", "/openai/v1/chat/completions", "predict"),
    ("POST", "/openai/v1/completions", "predict"),
    ("POST", "/openai/v1/embeddings", "predict"),
    ("GET", "/v1/audit", "admin!"),
    ("GET", "/metrics", "read"),
    ("GET", "/openapi.json", "read"),
    ("GET", "/docs", "open"),
    ("GET", "/livez", "open"),
    ("GET", "/readyz", "open"),
];

/// Requests that no row of the table answers: nobody but an admin learns that.
const UNKNOWN: &[(&str, &str)] = &[
    ("GET", "/nowhere"),
    ("GET", "/"),
    ("DELETE", "/v1/identities/{name}"),
    ("POST", "/livez"),
    ("GET", "/v1/identities/"),
    ("GET", "/v1/identities/{name}/"),
    ("GET", "//v1/identities"),
    ("POST", "/v1/identities/{name}/learn/more"),
    ("GET", "/v1/../v1/identities"),
];

const SCOPES: [&str; 5] = ["predict", "learn", "label", "read", "admin"];

/// What became of a request: its status at the door, or in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    In,
    Unauthorized,
    Denied,
}

type Seens = BTreeMap<(String, String, String), Seen>;

/// Whether a path names one identity.
fn names_one(path: &str) -> bool {
    path.contains("{name}") || path.contains("{model}")
}

fn expected(wanted: &str, who: &str, names_one: bool) -> Seen {
    if wanted == "open" {
        return Seen::In;
    }
    let Some((scope, identities)) = who.split_once(" of ") else { return Seen::Unauthorized };
    let wanted_one = match wanted.trim_end_matches('!') {
        "talk" => &["predict", "learn", "label"][..],
        _ => &[wanted.trim_end_matches('!')],
    };
    let scope_fits = scope == "admin" || wanted_one.contains(&scope);
    let others = identities == "others";
    let identity_fits = !others || (!names_one && !wanted.ends_with('!'));
    if scope_fits && identity_fits { Seen::In } else { Seen::Denied }
}

/// What differs between what was seen and what a table wants.
fn judge(wanted: &[(&str, &str, &str)], seens: &Seens) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut told = 0;
    for ((method, path, who), seen) in seens {
        let row = wanted.iter().find(|(m, p, _)| m == method && p == path);
        let Some((_, _, scope)) = row else {
            wrong.push(format!("{method} {path} is not in the table of this test"));
            continue;
        };
        told += 1;
        let should = expected(scope, who, names_one(path));
        if *seen != should {
            wrong.push(format!("{method} {path} by {who}: {seen:?}, not {should:?}"));
        }
    }
    if told == 0 {
        wrong.push("nothing was walked".into());
    }
    wrong
}

fn ask(r: &Running, method: &str, path: &str, token: Option<&str>) -> Seen {
    let path = path.replace("{name}", "sam").replace("{version}", "1").replace("{*rest}", "x");
    let path = path.split(['{', '}']).collect::<Vec<_>>().concat();
    let auth = token.map(|t| format!("authorization: Bearer {t}\r\n")).unwrap_or_default();
    let mut wire = r.connect();
    wire.send(&format!(
        "{method} {path} HTTP/1.1\r\nhost: {}\r\n{auth}connection: close\r\n\
         content-length: 0\r\n\r\n",
        r.addr
    ));
    let said = wire.answer();
    match said.status {
        401 => Seen::Unauthorized,
        // The page shows people the way in instead.
        303 if said.header("location").is_some_and(|to| to.starts_with("/ui/login")) => {
            Seen::Unauthorized
        }
        403 => Seen::Denied,
        429 => panic!("{method} {path} met a rate: this test is to see the door only"),
        _ => Seen::In,
    }
}

/// Everybody who may come, with the text that they bring.
fn everybody(r: &Running) -> Vec<(String, Option<String>)> {
    let new = |args: &[&str]| made(r, args);
    let mut all = vec![
        ("nobody".to_owned(), None),
        ("a stranger".to_owned(), Some(format!("her_00000000_{}", "0".repeat(64)))),
        ("somebody whose time is over".to_owned(), {
            let token = new(&["--scope", "admin", "--expires", "1s"]);
            std::thread::sleep(std::time::Duration::from_millis(1100));
            Some(token)
        }),
        ("somebody who was revoked".to_owned(), {
            let token = new(&["--scope", "admin"]);
            her(r, &["token", "revoke", token.split('_').nth(1).unwrap()]);
            Some(token)
        }),
        ("admin of the first token".to_owned(), Some(r.token.clone())),
    ];
    for scope in SCOPES {
        all.push((format!("{scope} of all"), Some(new(&["--scope", scope]))));
        let others = new(&["--scope", scope, "--identity", "eve,team-*,*-sam"]);
        all.push((format!("{scope} of others"), Some(others)));
    }
    all
}

fn wait_until_known(r: &Running, tokens: &[(String, Option<String>)]) {
    let (_, last) = tokens.last().unwrap();
    let pause = std::time::Duration::from_millis(50);
    let mut left = super::client::PATIENCE.as_millis() / pause.as_millis();
    while ask(r, "GET", "/v1/identities/eve", last.as_deref()) == Seen::Unauthorized {
        assert!(left > 0, "the server never heard of its new tokens");
        left -= 1;
        std::thread::sleep(pause);
    }
}

#[test]
fn every_route_lets_in_whom_the_table_says_and_nobody_else() {
    let r = Running::with_sam(&["limits.refused_per_min=1000000"]);
    let tokens = everybody(&r);
    wait_until_known(&r, &tokens);
    let unknown = UNKNOWN.iter().map(|(method, path)| (*method, *path));
    let mut seens = Seens::new();
    for (method, path) in route_table().into_iter().chain(unknown) {
        for (who, token) in &tokens {
            let seen = ask(&r, method, path, token.as_deref());
            seens.insert((method.into(), path.into(), who.clone()), seen);
        }
    }
    let mut wanted = WANTED.to_vec();
    wanted.extend(UNKNOWN.iter().map(|(method, path)| (*method, *path, "admin!")));
    assert_eq!(judge(&wanted, &seens), Vec::<String>::new());
    assert_eq!(WANTED.len(), route_table().len(), "rows of this test that no route has");

    // And this test can fail: each row that says something else is noticed.
    for (i, (method, path, scope)) in wanted.clone().into_iter().enumerate() {
        for other in ["open", "predict", "learn", "label", "read", "talk", "admin", "admin!"] {
            if scope.trim_end_matches('!') == other.trim_end_matches('!') && names_one(path)
                || scope == other
            {
                continue;
            }
            let mut wrong = wanted.clone();
            wrong[i] = (method, path, other);
            assert_ne!(judge(&wrong, &seens), Vec::<String>::new(), "{method} {path} {other}");
        }
        let mut fewer = wanted.clone();
        fewer.remove(i);
        assert_ne!(judge(&fewer, &seens), Vec::<String>::new());
    }
}
