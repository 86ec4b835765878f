//! Lines of named values: which of several names counts, and what must be there.

use super::*;

/// A name without a value of its own.
fn telling(bit: u64) -> Key {
    Key {
        value: None,
        names: None,
        telling: bit,
    }
}

fn with_layout(format: Program, change: impl Fn(&mut KeyValue)) -> Program {
    let layouts = format.layouts.into_iter().map(|mut layout| {
        if let Layout::KeyValue(keyed) = &mut layout {
            change(keyed);
        }
        layout
    });
    Program {
        layouts: layouts.collect(),
        ..format
    }
}

#[test]
fn values_stand_under_names_in_any_order() {
    let names = [("ip", text("client")), ("code", status())];
    let json = named(Syntax::Json, &names);
    let wanted = row("client=a | status=200");
    assert_eq!(read(&json, r#"{"ip":"a","code":200}"#), wanted);
    assert_eq!(read(&json, r#"{"code":"200","x":[{}],"ip":"a"}"#), wanted);
    assert_eq!(
        read(&named(Syntax::Logfmt, &names), "x code=200 ip=a"),
        wanted
    );
    assert_eq!(
        read(&named(Syntax::Ltsv, &names), "code:200\tx:\tip:a"),
        wanted
    );
}

#[test]
fn a_value_that_does_not_read_as_it_should_is_absent() {
    let format = named(
        Syntax::Json,
        &[("ip", text("client")), ("size", integer_field("bytes"))],
    );
    for size in ["\"x\"", "\"-\"", "\"\"", "null", "{}", "[]", "true", "1.5"] {
        let line = format!(r#"{{"ip":"a","size":{size}}}"#);
        assert_eq!(read(&format, &line), row("client=a"), "{line}");
    }
    // Some programs write every number with a point.
    let point = r#"{"ip":"a","size":12.0}"#;
    assert_eq!(read(&format, point), row("client=a | bytes=12"));
}

#[test]
fn of_several_names_the_first_that_has_a_value_counts() {
    let names = [("best", 0), ("second", 1), ("third", 2)];
    let layout = Layout::KeyValue(layout_of_names(Syntax::Json, &names));
    let format = program(vec![layout], vec![text("client"); 3]);
    for (line, client) in [
        (r#"{"best":"a","second":"b","third":"c"}"#, "a"),
        (r#"{"third":"c","second":"b","best":"a"}"#, "a"),
        (r#"{"third":"c","best":"-","second":"b"}"#, "b"),
        (r#"{"best":null,"third":"c"}"#, "c"),
        // Of one name that comes twice the first value.
        (r#"{"best":"a","best":"b"}"#, "a"),
        (r#"{"best":"","best":"b"}"#, "b"),
    ] {
        let wanted = row(&format!("client={client}"));
        assert_eq!(read(&format, line), wanted, "{line}");
    }
}

#[test]
fn a_value_may_be_read_in_another_way() {
    let seconds = field(Kind::Seconds {
        slot: slot("duration_s"),
        unit: Unit::PerSecond(1.0),
        list: false,
    });
    let layout = Layout::KeyValue(layout_of_names(Syntax::Json, &[("time", 0)]));
    let fields = vec![
        Field {
            otherwise: Some((1, 2)),
            ..seconds
        },
        Field {
            group: 1,
            ..time(TimeFormat::Iso)
        },
    ];
    let format = Program {
        timed: false,
        ..program(vec![layout], fields)
    };
    assert_eq!(read(&format, r#"{"time":0.5}"#), row("duration_s=0.5"));
    let timed = Program {
        timed: true,
        ..format
    };
    let line = r#"{"time":"1970-01-01T00:00:01Z"}"#;
    assert_eq!(read(&timed, line), row("time=1000000"));
}

#[test]
fn escapes_are_those_of_the_text_and_of_the_field() {
    let agent = |escape| {
        let field = Field {
            escape,
            ..text("user_agent")
        };
        named(Syntax::Json, &[("ua", field)])
    };
    let line = r#"{"ua":"a\u0020b%20c"}"#;
    assert_eq!(read(&agent(Escape::None), line), row("user_agent=a b%20c"));
    assert_eq!(read(&agent(Escape::Percent), line), row("user_agent=a b c"));
    let bare = r#"{"ua":"a%20b"}"#;
    assert_eq!(read(&agent(Escape::Percent), bare), row("user_agent=a b"));
    assert_eq!(read(&agent(Escape::None), bare), row("user_agent=a%20b"));
    let ltsv = named(Syntax::Ltsv, &[("ua", text("user_agent"))]);
    assert_eq!(read(&ltsv, r"ua:a\x22\tb"), row("user_agent=a\"\tb"));
}

#[test]
fn a_part_of_the_request_may_stand_where_a_request_line_could() {
    let names = [("request", field(Kind::Request))];
    let format = with_request_parts(named(Syntax::Json, &names));
    for (request, wanted) in [
        (
            "GET /a HTTP/1.1",
            "method=GET | target=/a | path=/a | section=/a | protocol=HTTP/1.1",
        ),
        ("/a?b", "target=/a?b | path=/a | query=b | section=/a"),
        (
            "https://h/a",
            "target=https://h/a | path=/a | section=/a | host=h",
        ),
        ("DELETE", "method=DELETE | section=(malformed)"),
    ] {
        let line = format!(r#"{{"request":"{request}"}}"#);
        assert_eq!(read(&format, &line), row(wanted), "{line}");
    }
    let route = named(Syntax::Json, &[("route", field(Kind::Part(Part::Target)))]);
    assert_eq!(
        read(&route, r#"{"route":"GET /pets/{id}"}"#),
        row("target=/pets/{id}")
    );
    assert_eq!(read(&route, r#"{"route":"Get /a"}"#), row("target=Get /a"));
}

#[test]
fn what_a_line_must_have_and_has_not_is_named() {
    let names = [
        ("ip", text("client")),
        ("host", text("host")),
        ("code", status()),
    ];
    let format = with_layout(named(Syntax::Json, &names), |keyed| {
        keyed.required = vec![vec![0, 1], vec![2]];
    });
    assert!(read(&format, r#"{"ip":"a","code":200}"#).is_ok());
    assert!(read(&format, r#"{"host":"a","code":200}"#).is_ok());
    assert_eq!(
        read(&format, r#"{"code":200}"#),
        Err((Reason::Missing, 0, 1))
    );
    for line in [r#"{"ip":"a"}"#, r#"{"ip":"a","code":"x"}"#] {
        assert_eq!(read(&format, line), Err((Reason::Missing, 2, 1)), "{line}");
    }
}

#[test]
fn telling_names_must_be_there_whatever_they_hold() {
    let format = with_layout(named(Syntax::Json, &[("ip", text("client"))]), |keyed| {
        keyed.told_by = 2;
        keyed.keys.nodes[0].insert(b"a".to_vec(), telling(1));
        keyed.keys.nodes[0].insert(b"b".to_vec(), telling(2));
    });
    let told = r#"{"a":null,"ip":"x","b":{}}"#;
    assert_eq!(read(&format, told), row("client=x"));
    // One that comes twice is one.
    for line in [r#"{"a":1,"ip":"x"}"#, r#"{"a":1,"ip":"x","a":1}"#] {
        assert_eq!(read(&format, line), Err((Reason::Untold, 0, 1)), "{line}");
    }
}

#[test]
fn names_are_those_of_their_own_line() {
    let format = named(
        Syntax::Json,
        &[("a", text("client")), ("b", text("user")), ("c", status())],
    );
    let lines = r#"{"a":"1","b":"2","c":200}
{"a":"1","c":201,"b":"3"}
{"b":"2"}
{"x":"1","a":"4","b":"5"}
"#;
    assert_eq!(
        rows(&format, lines),
        [
            "client=1 | user=2 | status=200",
            "client=1 | user=3 | status=201",
            "user=2",
            "client=4 | user=5",
        ]
    );
}

#[test]
fn a_line_that_stops_being_what_it_should_is_rejected_there() {
    let json = named(Syntax::Json, &[("ip", text("client"))]);
    let failed = |column| Err((Reason::Syntax, 0, column));
    assert_eq!(read(&json, r#"{"ip":"a"} x"#), failed(12));
    assert_eq!(read(&json, r#"{"ip":"a""#), failed(10));
    assert_eq!(read(&json, "plain"), failed(1));
    let logfmt = named(Syntax::Logfmt, &[("ip", text("client"))]);
    assert_eq!(read(&logfmt, "ip=a =b"), failed(6));
    let ltsv = named(Syntax::Ltsv, &[("ip", text("client"))]);
    assert_eq!(read(&ltsv, "ip:a\tb"), failed(6));
}

#[test]
fn a_time_that_is_none_leaves_the_one_before_it() {
    let layout = Layout::KeyValue(layout_of_names(Syntax::Json, &[("worse", 1), ("best", 0)]));
    let mut format = program(vec![layout], vec![time(TimeFormat::Iso); 2]);
    if let Layout::KeyValue(keyed) = &mut format.layouts[0] {
        for (name, rank) in [("best", 1), ("worse", 2)] {
            let key = keyed.keys.nodes[0].get_mut(name.as_bytes()).unwrap();
            key.value = key.value.map(|(field, _)| (field, rank));
        }
    }
    let line = r#"{"worse":"1970-01-01T00:00:01Z","best":"soon"}"#;
    assert_eq!(read(&format, line), row("time=1000000"));
    let line = r#"{"worse":"1970-01-01T00:00:01Z","best":"1970-01-01T00:00:02Z"}"#;
    assert_eq!(read(&format, line), row("time=2000000"));
    assert_eq!(
        read(&format, r#"{"worse":"soon"}"#),
        Err((Reason::NoTime, 0, 17))
    );
}
