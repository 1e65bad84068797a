use super::*;

fn none(_: &str) -> Option<String> {
    None
}

fn file(dir: &Path, name: &str, text: &str) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_later_source_wins_and_each_value_remembers_its_origin() {
    let dir = tempfile::tempdir().unwrap();
    let low = file(
        dir.path(),
        "low.toml",
        "drain_s = 1\nshards = 3\nensemble_threads = 2\nlimits.body_mib = 2\n",
    );
    let high = file(dir.path(), "high.toml", "drain_s = 2\n[limits]\nline_kib = 128\n");
    let chosen = file(dir.path(), "chosen.toml", "drain_s = 3\nlisten = '127.0.0.1:1'\n");
    let env = |name: &str| match name {
        "HER_DRAIN_S" => Some("4".to_owned()),
        "HER_LISTEN" => Some("localhost:2".to_owned()),
        "HOME" => Some("/home/me".to_owned()),
        _ => None,
    };
    let flags =
        Flags { config: Some(chosen.clone()), set: vec!["drain_s=5".into()], ..Flags::default() };
    let s = Settings::load(&flags, &env, &[low.clone(), high.clone()]).unwrap();
    assert_eq!((s.drain.as_secs(), s.origin("drain_s")), (5, Origin::Flag("--set".into())));
    assert_eq!((s.listen.port(), s.origin("listen")), (2, Origin::Env("HER_LISTEN".into())));
    assert_eq!((s.limits.line_bytes, s.origin("limits.line_kib")), (131_072, Origin::File(high)));
    assert_eq!(s.ensemble_threads, 2);
    assert_eq!((s.shards, s.origin("shards")), (Some(3), Origin::File(low)));
    assert_eq!(s.data_dir, Path::new("/home/me/.local/share/her"));
    assert_eq!(s.origin("data_dir"), Origin::Default);
    assert_eq!(s.shown().len(), KEYS.len());

    let s = Settings::load(&Flags { config: Some(chosen), ..flags }, &none, &[]).unwrap();
    assert_eq!(s.listen.port(), 1);
}

#[test]
fn mistakes_name_the_source_the_key_and_what_is_allowed() {
    let dir = tempfile::tempdir().unwrap();
    let check = |text: &str, wanted: &[&str]| {
        let path = file(dir.path(), "x.toml", text);
        let said = Settings::load(&Flags::default(), &none, &[path]).unwrap_err().to_string();
        for w in wanted {
            assert!(said.contains(w), "{text}: {said}");
        }
        assert!(said.contains("x.toml") || said.contains("insecure"), "{text}: {said}");
    };
    check("lissten = 1", &["\"lissten\"", "listen", "limits.body_mib"]);
    check("[limits]\nbody = 1", &["\"limits.body\"", "limits.body_mib"]);
    check("[server]\nlisten = 1", &["\"server\""]);
    check("gate = 1", &["tables such as [gate.departure]"]);
    let gate = |rest: &str| format!("[gate.hot]\ndo = 'freeze'\n{rest}");
    check(&gate("when = 'laod > 1'"), &["gate.hot: when: there is no figure \"laod\"", "load"]);
    check(&gate("wehn = 'load > 1'"), &["gate.hot", "unknown field `wehn`", "when"]);
    check(&gate("").replace("hot", "'so hot'"), &["gate.so hot"]);
    let fork = |identities: &str, name: &str| {
        let rest = format!("when = 'load > 1'\nidentities = '{identities}'\n");
        gate(&rest).replace("'freeze'", &format!("{{ fork = {{ name = '{name}' }} }}"))
    };
    check(&fork("*", "copy"), &["gate.hot: the fork \"copy\"", "be forked again"]);
    check(&fork("fraud-*", "{identity}-{version}"), &["\"fraud-*\", and be forked again"]);
    for fine in [fork("sam", "{identity}-{version}"), fork("fraud-*", "copy-of-{identity}")] {
        assert_eq!(gates::of_text("x.toml", &fine).unwrap().len(), 1);
    }
    check("listen = 7400", &["listen must be an address", "7400"]);
    check("listen = 'nonsense:99999999'", &["listen must be"]);
    check("shards = -1", &["shards must be a whole number from 1 to 64", "-1"]);
    check("ensemble_threads = 0", &["ensemble_threads must be a whole number from 1 to 64"]);
    check("shards = 1.5", &["1.5"]);
    check("shards = [1, 2]", &["[1, 2]"]);
    check("drain_s = 99999999999999999999", &["line 1"]);
    check("insecure = 'maybe'", &["true or false"]);
    check("data_dir = ''", &["a path"]);
    check("a = \n", &["line 1"]);
    check("listen = '0.0.0.0:7400'", &["insecure = true", "0.0.0.0:7400"]);
}

#[test]
fn insecure_allows_other_addresses_and_a_missing_file_is_told() {
    let flags = Flags {
        listen: Some("0.0.0.0:0".into()),
        insecure: true,
        data_dir: Some("d".into()),
        ..Flags::default()
    };
    let s = Settings::load(&flags, &none, &["/nonexistent/her.toml".into()]).unwrap();
    assert_eq!((s.listen.port(), s.token_file()), (0, PathBuf::from("d/token")));
    let flags = Flags { config: Some("/nonexistent/her.toml".into()), ..Flags::default() };
    let said = Settings::load(&flags, &none, &[]).unwrap_err().to_string();
    assert!(said.contains("/nonexistent/her.toml"), "{said}");
}

#[test]
fn a_later_file_replaces_whole_gates() {
    let dir = tempfile::tempdir().unwrap();
    let rules = |name: &str, of_hot: &str| {
        let text = format!("[node]\ntier = 3\n[gate.{name}]\n{of_hot}\ndo = 'freeze'\n");
        text + "[gate.hot]\nwhen = 'load > 1'\ndo = 'freeze'\nidentities = 'fraud-*'\n"
    };
    let low = file(dir.path(), "low.toml", &rules("cold", "when = 'load < 1'"));
    let high =
        file(dir.path(), "high.toml", &rules("warm", "when = 'tier > 1'").replace("> 1", "> 2"));
    let s = Settings::load(&Flags::default(), &none, &[low, high]).unwrap();
    let names: Vec<&str> = s.gates.keys().map(String::as_str).collect();
    assert_eq!((names, s.tier), (vec!["cold", "hot", "warm"], 3));
    assert_eq!(s.gates["hot"].when.text(), "load > 2");
    assert!(gates::is_for(&s.gates["hot"], "fraud-7") && !gates::is_for(&s.gates["hot"], "sam"));
}
