use super::*;
use crate::agents::Versioned;

#[test]
fn a_site_is_the_host_of_an_address() {
    for (address, expected) in [
        ("https://www.Example.org/a?b", Some("example.org")),
        (" HTTP://user:pw@example.org.:8080", Some("example.org")),
        ("android-app://com.example.app/", Some("com.example.app")),
        ("http://www.org", Some("www.org")),
        ("http://[2001:DB8::1]:80/x", Some("[2001:db8::1]")),
        ("http://localhost \t", Some("localhost")),
        ("http://bücher.example/", Some("bücher.example")),
        ("http://a..b/", None),
        ("http://-a.b/", None),
        ("http://a.b:123456/", None),
        ("http://a.b\\@c.d/", None),
        ("http://a@b@c/", None),
        ("http://a b", None),
        ("http://[::1", None),
        ("http://[1]/", None),
        ("ftp://a.b/", None),
        ("-", None),
    ] {
        assert_eq!(site(address).as_deref(), expected, "{address}");
    }
    assert_eq!(site(&format!("http://{}/", "a".repeat(254))), None);
    assert!(site(&format!("http://{}/", "a".repeat(253))).is_some());
}

#[test]
fn files_are_told_by_their_extensions() {
    let extensions = HashSet::from(["css".to_owned(), "7z".to_owned()]);
    for path in ["/a.css", "/a.CSS?v=1", "/b.c/d.7z;x=1", "x.css"] {
        assert!(is_file(path, &extensions), "{path}");
    }
    for path in ["/css", "/a.css/", "/a.html", "/a?b.css", "/a.css.map", ""] {
        assert!(!is_file(path, &extensions), "{path}");
    }
}

#[test]
fn a_part_of_an_agent_is_a_bot_s_or_a_browser_s() {
    let parts = [Part::Browser, Part::System, Part::Kind, Part::Bot];
    let all = |agent: &Agent| parts.map(|part| part.of(agent, "?").map(Cow::into_owned));
    let text = |text: &str| Some(text.to_owned());
    let bot = Agent {
        browser: Versioned::new("Fire", ""),
        ..Agent::of_bot("crawler".into(), "Crawly".into())
    };
    assert_eq!(
        all(&bot),
        [None, None, text("crawler"), text("Crawly (crawler)")]
    );
    let human = Agent {
        browser: Versioned::new(" Fire", "7 "),
        kind: "human".into(),
        ..Agent::default()
    };
    assert_eq!(
        all(&human),
        [text("Fire 7"), text("?"), text("human"), None]
    );
    let odd = Agent {
        browser: Versioned::new("Fire ", ""),
        system: Versioned::new("", " 10"),
        ..Agent::default()
    };
    assert_eq!(all(&odd), [text("Fire"), text("10"), text(""), None]);
}

#[test]
fn parts_have_names() {
    for (name, part) in [
        ("browser", Part::Browser),
        ("system", Part::System),
        ("kind", Part::Kind),
        ("bot", Part::Bot),
    ] {
        assert_eq!(
            format!("{:?}", Part::by_name(name)),
            format!("{:?}", Some(part))
        );
    }
    assert!(Part::by_name("robot").is_none());
}

#[test]
fn networks_and_families_of_clients() {
    for (client, expected, kind) in [
        ("192.0.2.77", Some("192.0.2.0/24"), Some("IPv4")),
        ("::ffff:192.0.2.77", Some("192.0.2.0/24"), Some("IPv4")),
        (
            "2001:db8:1:2:3:4:5:6",
            Some("2001:db8:1::/48"),
            Some("IPv6"),
        ),
        ("2001:DB8::1", Some("2001:db8::/48"), Some("IPv6")),
        ("::1", Some("::/48"), Some("IPv6")),
        ("host.example", None, None),
        ("192.0.2.256", None, None),
        ("fe80::1%eth0", None, None),
        ("", None, None),
    ] {
        assert_eq!(network(client).as_deref(), expected, "{client}");
        assert_eq!(family(client), kind, "{client}");
    }
}

#[test]
fn paths_by_their_statuses() {
    assert_eq!(answered("404 /a b", 404, 404), Some("/a b"));
    assert_eq!(answered("404 /a", 400, 499), Some("/a"));
    assert_eq!(answered("500 404", 500, 599), Some("404"));
    assert_eq!(answered("404 /a", 500, 599), None);
    assert_eq!(answered("/404", 400, 499), None);
    assert_eq!(answered("x /a", 0, 999), None);
}
