use super::*;

fn taken(raw: &str, class: Class) -> (String, Option<i64>, Verdict) {
    let found = address(raw.as_bytes(), class);
    let name = String::from_utf8(found.name.to_vec()).unwrap();
    (name, found.port, found.verdict)
}

#[test]
fn brackets_and_ports_are_no_part_of_an_address() {
    for (raw, name, port) in [
        ("192.0.2.1", "192.0.2.1", None),
        ("192.0.2.1:5678", "192.0.2.1", Some(5678)),
        ("192.0.2.1:", "192.0.2.1", None),
        ("2001:db8::1", "2001:db8::1", None),
        ("[2001:db8::1]", "2001:db8::1", None),
        ("[2001:db8::1]:443", "2001:db8::1", Some(443)),
        ("fe80::1%eth0", "fe80::1%eth0", None),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1", None),
        ("unix:", "unix:", None),
        ("crawl-1.example.net", "crawl-1.example.net", None),
        ("localhost", "localhost", None),
    ] {
        let wanted = (name.to_owned(), port, Verdict::Sure);
        assert_eq!(taken(raw, Class::Client), wanted, "{raw}");
    }
}

#[test]
fn what_is_no_address_is_no_client() {
    for raw in [
        "2024-04-09T17:33:12.238986028Z",
        "192.0.2.12,",
        "(-)",
        "[\"www.example.com\"]",
        "\"192.0.2.1\"",
        "1.2.3.4.5",
        "192.0.2.256",
        "200",
        "12:30:45",
        "a b",
        "user\\name",
        "[2001:db8::1]x",
        "192.0.2.1:x",
    ] {
        assert_eq!(taken(raw, Class::Client).2, Verdict::Wrong, "{raw}");
    }
    for raw in ["nginx_1", "INFO", "proxy", "www.example.com:443", "-"] {
        assert_eq!(taken(raw, Class::Client).2, Verdict::Doubtful, "{raw}");
    }
    assert_eq!(taken("www.example.com:443", Class::Host).2, Verdict::Sure);
    assert_eq!(taken("*.example.com", Class::Host).2, Verdict::Sure);
}

#[test]
fn users_are_words() {
    assert_eq!(user(b"ann"), (&b"ann"[..], Verdict::Sure));
    assert_eq!(user(br#"an\"n"#).1, Verdict::Doubtful);
    for raw in ["frank zappa", "192.0.2.200", "2001:db8::7"] {
        assert_eq!(user(raw.as_bytes()).1, Verdict::Doubtful, "{raw}");
    }
    for raw in [
        "- -",
        "| 192.0.2.5 - -",
        "www.example.org www.example.org ann",
        "203.0.113.2 - -",
        "2001:db8::1 ann",
        "a  b",
        "\"203.0.113.2, 203.0.113.3\"",
        "\"ann\" \"bob\"",
        "\"ann",
        "an\"n",
    ] {
        assert_eq!(user(raw.as_bytes()).1, Verdict::Wrong, "{raw}");
    }
}

#[test]
fn quotes_are_no_part_of_a_user() {
    for (raw, name) in [
        ("\"\"", ""),
        ("\"-\"", "-"),
        ("\"John Doe\"", "John Doe"),
        ("\"ann\"", "ann"),
    ] {
        assert_eq!(user(raw.as_bytes()), (name.as_bytes(), Verdict::Sure));
    }
}
