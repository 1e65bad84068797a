//! Which row of the table answers a request: what the door goes by, before the router.

use super::{Route, all};

/// The row that answers a method and a path, and the name of the identity in the path.
///
/// It reads the path as the router does: segments first, then what is written with `%`. What no
/// row answers is for the router to refuse, to those who may come in at all.
pub(in crate::server) fn find(
    method: &str,
    path: &str,
) -> Option<(&'static Route, Option<String>)> {
    // The router answers HEAD where it answers GET.
    let method = if method == "HEAD" { "GET" } else { method };
    all()
        .filter(|route| route.method == method)
        .find_map(|route| matched(route.path, path).map(|name| (route, name)))
}

/// `Some` when a path is of a pattern; with the part that `{name}` stands for.
#[expect(clippy::option_option, reason = "matched or not, and with a name or without")]
fn matched(pattern: &str, path: &str) -> Option<Option<String>> {
    let (mut parts, mut name) = (path.split('/'), None);
    for wanted in pattern.split('/') {
        if wanted.starts_with("{*") {
            return parts.next().filter(|part| !part.is_empty()).map(|_| name);
        }
        let part = parts.next()?;
        let open = wanted.starts_with('{');
        if (open && part.is_empty()) || (!open && part != wanted) {
            return None;
        }
        if wanted == "{name}" {
            name = Some(percent(part)?);
        }
    }
    parts.next().is_none().then_some(name)
}

/// A part of a path without its `%`; none when that is no text.
fn percent(part: &str) -> Option<String> {
    let (mut bytes, mut out) = (part.bytes(), Vec::with_capacity(part.len()));
    while let Some(byte) = bytes.next() {
        let digits = bytes.clone().take(2).map(|b| char::from(b).to_digit(16));
        match digits.collect::<Option<Vec<u32>>>().as_deref() {
            Some([high, low]) if byte == b'%' => {
                out.push((high * 16 + low) as u8);
                bytes.nth(1);
            }
            // The router takes a lone % as it is, and so do we.
            _ => out.push(byte),
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_finds_its_row_and_its_name() {
        let found = |method: &str, path: &str| {
            find(method, path).map(|(route, name)| (route.id, name.unwrap_or_default()))
        };
        let some = |id, name: &str| Some((id, name.to_owned()));
        assert_eq!(found("GET", "/v1/identities/sam"), some("show", "sam"));
        assert_eq!(found("HEAD", "/v1/identities/sam"), some("show", "sam"));
        assert_eq!(found("POST", "/v1/identities/s%61m/learn"), some("learn", "sam"));
        assert_eq!(found("POST", "/v1/identities/a%2Fb/at/1/predict"), some("predict_at", "a/b"));
        assert_eq!(found("GET", "/v1/identities"), some("list", ""));
        for (method, path) in [
            ("GET", "/v1/identities/"),
            ("GET", "/v1/identities/sam/"),
            ("GET", "//v1/identities"),
            ("POST", "/livez"),
            ("get", "/livez"),
            ("GET", "/v1/identities/%ff"),
            ("GET", ""),
        ] {
            assert_eq!(found(method, path), None, "{method} {path}");
        }
        assert_eq!(matched("/ui/{*rest}", "/ui/a/b"), Some(None));
        assert_eq!(matched("/ui/{*rest}", "/ui/"), None);
    }
}
