use super::*;
use std::collections::HashMap;

/// Names with points between them, each the field of its place; of what follows a `!` the bit
/// of that place tells a format.
fn keys(names: &[&str]) -> Keys {
    let mut nodes: Vec<HashMap<Vec<u8>, Key>> = vec![HashMap::new()];
    for (place, name) in names.iter().enumerate() {
        let path = name.trim_start_matches('!');
        let (around, last) = path.rsplit_once('.').unwrap_or(("", path));
        let mut node = 0;
        for name in around.split('.').filter(|name| !name.is_empty()) {
            let below = nodes.len();
            let key = nodes[node].entry(name.into()).or_default();
            node = *key.names.get_or_insert(below);
            nodes.resize_with(nodes.len().max(node + 1), HashMap::new);
        }
        let key = nodes[node].entry(last.into()).or_default();
        key.value = Some((place, 1));
        key.telling = u64::from(name.starts_with('!')) << place;
    }
    Keys {
        nodes,
        normalized: false,
    }
}

/// What was read: the values as `field=text`, with `~` behind the text where it has escapes;
/// or the place at which the line stops being what it should be.
fn read_with(syntax: Syntax, keys: &Keys, line: &str) -> Result<String, usize> {
    let mut values = Vec::new();
    let mut each = |named: NamedValue<'_>| -> Result<(), usize> {
        let text = String::from_utf8_lossy(named.raw);
        let mark = match (syntax, named.escape) {
            (Syntax::Ltsv, Escape::Backslash) | (_, Escape::None) => "",
            _ => "~",
        };
        values.push(format!("{}={text}{mark}", named.field));
        Ok(())
    };
    let mut previous = PreviousKeys::default();
    read(syntax, keys, line.as_bytes(), &mut previous, &mut each)?;
    Ok(values.join(" | "))
}

fn json(names: &[&str], line: &str) -> Result<String, usize> {
    read_with(Syntax::Json, &keys(names), line)
}

fn logfmt(names: &[&str], line: &str) -> Result<String, usize> {
    read_with(Syntax::Logfmt, &keys(names), line)
}

fn ltsv(names: &[&str], line: &str) -> Result<String, usize> {
    read_with(Syntax::Ltsv, &keys(names), line)
}

fn values(text: &str) -> Result<String, usize> {
    Ok(text.to_owned())
}

#[test]
fn json_values_are_given_as_they_stand() {
    let names = ["a", "b"];
    for (line, wanted) in [
        (r#"{}"#, ""),
        (" \t{ \"a\" : \"x\" , \"b\":1.5e-3 }\r", "0=x | 1=1.5e-3"),
        (r#"{"a":"","b":"x y"}"#, "0= | 1=x y"),
        (r#"{"a":true,"b":false}"#, "0=true | 1=false"),
        // There is no value: the name is as good as absent.
        (r#"{"a":null,"b":-1}"#, "1=-1"),
        (r#"{"c":"x","b":"y"}"#, "1=y"),
        // Which of two counts is told by who is given them.
        (r#"{"a":1,"a":2}"#, "0=1 | 0=2"),
    ] {
        assert_eq!(json(&names, line), values(wanted), "{line}");
    }
}

#[test]
fn escapes_of_json_are_found_and_left_to_the_reader() {
    for (line, wanted) in [
        (r#"{"a":"\"","b":"\\"}"#, r#"0=\"~ | 1=\\~"#),
        (r#"{"a":"\u00e9","b":"\\\""}"#, r#"0=\u00e9~ | 1=\\\"~"#),
        (r#"{"a":"}{,:[","b":"x"}"#, "0=}{,:[ | 1=x"),
        // nginx fills the text so where the format has no `escape=json`.
        (r#"{"a":"\x22","b":"x"}"#, r"0=\x22~ | 1=x"),
    ] {
        assert_eq!(json(&["a", "b"], line), values(wanted), "{line}");
    }
    // A name with an escape is another name.
    assert_eq!(json(&["a"], r#"{"\u0061":"x"}"#), values(""));
}

#[test]
fn bytes_that_are_no_text_do_not_stop_json() {
    let line = b"{\"x\xff\":\"\xfe\",\"a\":\"b\xff\"}";
    let mut found = Vec::new();
    let mut each = |named: NamedValue<'_>| -> Result<(), usize> {
        found.extend_from_slice(named.raw);
        Ok(())
    };
    let mut previous = PreviousKeys::default();
    let read = read(Syntax::Json, &keys(&["a"]), line, &mut previous, &mut each);
    assert_eq!((read, found), (Ok(0), b"b\xff".to_vec()));
}

#[test]
fn nested_names_are_found_below_their_objects() {
    let names = ["request.uri", "request.headers.ua", "status"];
    for (line, wanted) in [
        (
            r#"{"request":{"uri":"/","headers":{"ua":"x"}},"status":1}"#,
            "0=/ | 1=x | 2=1",
        ),
        // Elsewhere they are other names.
        (r#"{"uri":"/","headers":{"ua":"x"},"status":1}"#, "2=1"),
        (r#"{"response":{"uri":"/"},"status":1}"#, "2=1"),
        (r#"{"request":{"status":2},"status":1}"#, "2=1"),
        (r#"{"request":"/","status":1}"#, "2=1"),
        (r#"{"request":[{"uri":"/"}],"status":1}"#, "2=1"),
    ] {
        assert_eq!(json(&names, line), values(wanted), "{line}");
    }
}

#[test]
fn of_a_list_the_first_value_counts() {
    for (line, wanted) in [
        (r#"{"a":["x","y"],"b":1}"#, "0=x | 1=1"),
        (r#"{"a":[ 5 , 6 ],"b":1}"#, "0=5 | 1=1"),
        (r#"{"a":[],"b":1}"#, "1=1"),
        (r#"{"a":[["x"]],"b":1}"#, "1=1"),
        (r#"{"a":[{"b":2}],"b":1}"#, "1=1"),
        (r#"{"a":[null,"x"],"b":1}"#, "1=1"),
        // An object is no value.
        (r#"{"a":{"x":1},"b":1}"#, "1=1"),
    ] {
        assert_eq!(json(&["a", "b"], line), values(wanted), "{line}");
    }
}

#[test]
fn values_nobody_asks_for_are_stepped_over() {
    for value in [
        r#"{"a":1,"y":{"a":[1,{"a":2}]}}"#,
        r#"[[["a",1],[]],{}]"#,
        r#""]}\"{""#,
        r#"["]","}","\\"]"#,
        "-1.5E+3",
    ] {
        let line = format!(r#"{{"x":{value},"a":"found"}}"#);
        assert_eq!(json(&["a"], &line), values("0=found"), "{line}");
    }
}

#[test]
fn objects_too_deep_are_stepped_over() {
    let name = |depth: usize| "o.".repeat(depth) + "a";
    let line = |depth: usize| {
        format!(
            "{}{{\"a\":1}}{}",
            "{\"o\":".repeat(depth),
            "}".repeat(depth)
        )
    };
    assert_eq!(json(&[&name(MAX_DEPTH)], &line(MAX_DEPTH)), values("0=1"));
    let deeper = MAX_DEPTH + 1;
    assert_eq!(json(&[&name(deeper)], &line(deeper)), values(""));
    // However deep, it takes no stack.
    let deep = 1_000_000;
    let nested = format!("{{\"x\":{}{},\"a\":1}}", "[".repeat(deep), "]".repeat(deep));
    assert_eq!(json(&["a"], &nested), values("0=1"));
}

#[test]
fn what_is_no_json_is_said_where_it_stops() {
    for (line, place) in [
        ("", 0),
        ("  x", 2),
        (r#"["a"]"#, 0),
        ("{", 1),
        (r#"{"a"}"#, 4),
        (r#"{"a":}"#, 5),
        (r#"{"a":"x}"#, 5),
        (r#"{"a":"x\"}"#, 5),
        (r#"{"a":1"#, 6),
        (r#"{"a":1 "b":2}"#, 7),
        (r#"{"a":1,}"#, 7),
        (r#"{a:1}"#, 1),
        (r#"{'a':1}"#, 1),
        (r#"{"a":1}}"#, 7),
        (r#"{"a":1} {"b":2}"#, 8),
        (r#"{"x":[1,2}"#, 10),
        (r#"{"x":[1,"y]}"#, 8),
        (r#"{"x":{"y":1}"#, 12),
        (r#"{"a":[,]}"#, 6),
    ] {
        assert_eq!(json(&["a"], line), Err(place), "{line}");
    }
    let whole = r#"{"x":[1,{"y":"\""}],"a":{"b":[2]},"c":"d"}"#;
    assert!(json(&["a"], whole).is_ok());
    for cut in 0..whole.len() {
        assert!(json(&["a"], &whole[..cut]).is_err(), "{}", &whole[..cut]);
    }
}

#[test]
fn logfmt_is_words_with_values() {
    let names = ["a", "b"];
    for (line, wanted) in [
        ("", ""),
        ("a=x b=y", "0=x | 1=y"),
        ("  a=x   b=y  ", "0=x | 1=y"),
        ("a= b=y", "0= | 1=y"),
        ("a=", "0="),
        ("a=x=y", "0=x=y"),
        ("a=\"x y\" b=\"\"", "0=x y | 1="),
        (r#"a="x \"y\"" b=z"#, r#"0=x \"y\"~ | 1=z"#),
        (r#"a="\\" b=z"#, r"0=\\~ | 1=z"),
        // A quote within a word is part of it.
        ("a=x\"y\" b=z", "0=x\"y\" | 1=z"),
        // A name alone is a flag.
        ("debug a=x a b", "0=x"),
        ("c=\"a=y\" a=x", "0=x"),
    ] {
        assert_eq!(logfmt(&names, line), values(wanted), "{line}");
    }
    for (line, place) in [("=x", 0), ("a=x =y", 4), ("a=\"x", 2), (r#"b=1 a="x\""#, 6)] {
        assert_eq!(logfmt(&names, line), Err(place), "{line}");
    }
    // Directly behind a quoted value the next name begins.
    assert_eq!(logfmt(&names, "a=\"x\"b=y"), values("0=x | 1=y"));
}

#[test]
fn ltsv_is_labels_with_values_between_tabs() {
    let names = ["a", "b"];
    for (line, wanted) in [
        ("", ""),
        ("a:x\tb:y", "0=x | 1=y"),
        ("a:\tb:y:z ", "0= | 1=y:z "),
        ("c:x\ta:\"x\"\t", "0=\"x\""),
    ] {
        assert_eq!(ltsv(&names, line), values(wanted), "{line}");
    }
    for (line, place) in [
        ("a", 0),
        ("a:x\tb", 4),
        ("a:x\t\tb:y", 4),
        ("a:x\tb\tc:y", 4),
    ] {
        assert_eq!(ltsv(&names, line), Err(place), "{line}");
    }
}

#[test]
fn the_bits_of_names_that_tell_are_collected() {
    let keys = keys(&["!a", "b", "!c.d"]);
    let told = |line: &str| {
        let mut previous = PreviousKeys::default();
        let mut each = |_: NamedValue<'_>| -> Result<(), usize> { Ok(()) };
        read(
            Syntax::Json,
            &keys,
            line.as_bytes(),
            &mut previous,
            &mut each,
        )
    };
    assert_eq!(told(r#"{"b":1}"#), Ok(0));
    assert_eq!(told(r#"{"b":1,"a":null}"#), Ok(0b001));
    assert_eq!(told(r#"{"a":[],"c":{"d":{}},"a":1}"#), Ok(0b101));
    assert_eq!(told(r#"{"c":[{"d":1}]}"#), Ok(0));
}

#[test]
fn names_are_told_whatever_stood_on_the_line_before() {
    let keys = keys(&["a", "b", "o.a"]);
    let lines = [
        r#"{"a":1,"b":2}"#,
        r#"{"a":1,"b":2}"#,
        r#"{"b":2,"a":1}"#,
        r#"{"o":{"a":3},"b":2}"#,
        r#"{"a":1,"o":{"b":2}}"#,
        r#"{"x":1,"b":2,"o":{"a":3},"a":1}"#,
        r#"{"o":{"a":3},"a":1}"#,
        r#"{"o":3,"a":1}"#,
        r#"{"o":{"a":3}}"#,
    ];
    let mut previous = PreviousKeys::default();
    for line in lines {
        let mut found = Vec::new();
        let mut each = |named: NamedValue<'_>| -> Result<(), usize> {
            let text = String::from_utf8_lossy(named.raw);
            found.push(format!("{}={text}", named.field));
            Ok(())
        };
        let read = read(
            Syntax::Json,
            &keys,
            line.as_bytes(),
            &mut previous,
            &mut each,
        );
        assert_eq!(read, Ok(0), "{line}");
        let alone = read_with(Syntax::Json, &keys, line);
        assert_eq!(values(&found.join(" | ")), alone, "{line}");
    }
}

#[test]
fn normalized_names_are_compared_without_case_and_punctuation() {
    let normalized = Keys {
        normalized: true,
        ..keys(&["useragent", "größe"])
    };
    for (name, wanted) in [
        ("user_agent", "0=x"),
        ("User-Agent", "0=x"),
        ("userAgent ", "0=x"),
        ("user agents", ""),
        ("größe", "1=x"),
        ("", ""),
        (&"u".repeat(100), ""),
    ] {
        let line = format!(r#"{{"{name}":"x"}}"#);
        let read = read_with(Syntax::Json, &normalized, &line);
        assert_eq!(read, values(wanted), "{line}");
    }
}

#[test]
fn who_is_given_the_values_may_stop_the_reading() {
    let mut given = 0;
    let mut each = |_: NamedValue<'_>| -> Result<(), usize> {
        given += 1;
        Err(77)
    };
    let mut previous = PreviousKeys::default();
    let keys = keys(&["a", "b"]);
    let line = br#"{"a":1,"b":2}"#;
    let read = read(Syntax::Json, &keys, line, &mut previous, &mut each);
    assert_eq!((read, given), (Err(77), 1));
}
