use std::io::Write as _;

use super::*;

fn lines(tail: &mut Tail) -> String {
    let mut text = String::new();
    tail.read_to_string(&mut text).unwrap();
    text
}

fn tail(path: &Path, over: bool) -> Tail {
    Tail::new(Generation::open(path, 1).unwrap().unwrap(), path, over, &Stop::default())
}

#[test]
fn a_file_is_known_again_by_its_place_and_its_first_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f");
    assert!(Generation::open(&path, 1).unwrap().is_none(), "not there yet");
    std::fs::write(&path, "one").unwrap();
    assert!(Generation::open(&path, 1).unwrap().is_none(), "its first line is not whole");
    std::fs::write(&path, "one\ntwo\n").unwrap();
    let name = |path: &Path, lines| Generation::open(path, lines).unwrap().unwrap().name();
    let first = name(&path, 1);
    let away = dir.path().join("f.1");
    std::fs::rename(&path, &away).unwrap();
    assert_eq!(name(&away, 1), first, "a new name does not matter");
    std::fs::write(&path, "one\n").unwrap();
    assert_ne!(name(&path, 1), first, "another place does");
    std::fs::write(&away, "zero\n").unwrap();
    assert_ne!(name(&away, 1), first, "so does another beginning");
    assert!(Generation::open(dir.path(), 1).is_err());
}

#[test]
fn a_renamed_file_is_read_to_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f");
    let mut writer = std::fs::File::create(&path).unwrap();
    writer.write_all(b"a\nb\n").unwrap();
    let mut tail = tail(&path, false);
    let writing = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        std::fs::rename(&path, path.with_extension("1")).unwrap();
        std::fs::write(&path, "new\n").unwrap();
        std::thread::sleep(Duration::from_millis(300));
        writer.write_all(b"late\nno end").unwrap();
    });
    assert_eq!(lines(&mut tail), "a\nb\nlate\nno end");
    writing.join().unwrap();
}

#[test]
fn a_cut_file_ends_and_half_a_line_of_it_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f");
    std::fs::write(&path, "a\nb\nhalf").unwrap();
    let mut tail = tail(&path, false);
    let cut = path.clone();
    let cutting = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        // Longer than before: only its beginning tells.
        std::fs::write(&cut, "other\nlines, and more of them\n").unwrap();
    });
    assert_eq!(lines(&mut tail), "a\nb\n");
    cutting.join().unwrap();
}

#[test]
fn lines_are_skipped_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f");
    std::fs::write(&path, "a\nb\nc\nd\n").unwrap();
    assert_eq!(Generation::open(&path, 1).unwrap().unwrap().lines().unwrap(), 4);
    let mut tail = tail(&path, true);
    tail.skip(2).unwrap();
    assert_eq!(lines(&mut tail), "c\nd\n");
}
