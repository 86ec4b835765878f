//! What the text of a field says, by its kind.

use super::*;

fn alone(field: Field) -> Program {
    positional("", &[(field, "")])
}

fn duration(unit: Unit, list: bool) -> Program {
    let slot = slot("duration_s");
    alone(field(Kind::Seconds { slot, unit, list }))
}

fn address(class: Class, list: bool, lenient: bool) -> Program {
    alone(field(Kind::Address {
        host: slot("client"),
        port: slot("client_port"),
        class,
        list,
        lenient,
    }))
}

#[test]
fn numbers_are_whole_and_not_negative() {
    let format = alone(integer_field("bytes"));
    for (text, number) in [
        ("0", "bytes=0"),
        ("007", "bytes=7"),
        ("+5", "bytes=5"),
        ("999999999999999999", "bytes=999999999999999999"),
        ("-", ""),
        ("-5", ""),
    ] {
        assert_eq!(read(&format, text), row(number), "{text}");
    }
    for text in [
        "1.5",
        "1e3",
        "+",
        "--1",
        "x",
        " 1",
        "1 ",
        "1234567890123456789",
    ] {
        let failed = Err((Reason::NotANumber, 0, 1));
        assert_eq!(read(&format, text), failed, "{text}");
    }
}

#[test]
fn a_status_has_three_digits() {
    let format = alone(status());
    for (text, number) in [
        ("200", "status=200"),
        ("999", "status=999"),
        ("000", "status=0"),
        ("-", ""),
        ("-1", ""),
    ] {
        assert_eq!(read(&format, text), row(number), "{text}");
    }
    for text in ["99", "1000"] {
        assert_eq!(
            read(&format, text),
            Err((Reason::WrongType, 0, 1)),
            "{text}"
        );
    }
    let empty = positional("", &[(status(), " "), (text("cache"), "")]);
    assert_eq!(read(&empty, " x"), Err((Reason::WrongType, 0, 1)));
}

#[test]
fn no_size_is_no_bytes_of_a_request_that_was_answered() {
    let size = field(Kind::Integer {
        slot: slot("bytes"),
        dash_is_zero: true,
    });
    let format = positional("", &[(status(), " "), (size, "")]);
    let format = Program {
        status: slot("status"),
        ..format
    };
    assert_eq!(read(&format, "304 -"), row("status=304 | bytes=0"));
    assert_eq!(read(&format, "- -"), row(""));
    assert_eq!(read(&format, "- 5"), row("bytes=5"));
}

#[test]
fn durations_are_seconds_whatever_their_unit() {
    for (text, unit, seconds) in [
        ("42000", Unit::PerSecond(1e6), "0.042"),
        ("0.25", Unit::PerSecond(1.0), "0.25"),
        ("25.5", Unit::PerSecond(1e3), "0.0255"),
        (".5", Unit::PerSecond(1.0), "0.5"),
        ("5.", Unit::PerSecond(1.0), "5"),
        ("5e-7", Unit::PerSecond(1.0), "0.0000005"),
        ("1.5E-3", Unit::PerSecond(1.0), "0.0015"),
        (
            "0.1234567890123456789",
            Unit::PerSecond(1.0),
            "0.12345678901234568",
        ),
        // A point says seconds where the unit is open, no point says what lines tell.
        ("0.250", Unit::ByPoint(1e6), "0.25"),
        ("250", Unit::ByPoint(1e6), "0.00025"),
        // Units that are written go before all.
        ("247ms", Unit::PerSecond(1.0), "0.247"),
        ("1m2.5s", Unit::PerSecond(1e6), "62.5"),
        ("2h", Unit::PerSecond(1.0), "7200"),
        ("12.5us", Unit::PerSecond(1.0), "0.0000125"),
        ("12.5µs", Unit::PerSecond(1.0), "0.0000125"),
        ("3ns", Unit::PerSecond(1.0), "0.000000003"),
        ("0.25 ms", Unit::PerSecond(1.0), "0.00025"),
    ] {
        let wanted = row(&format!("duration_s={seconds}"));
        assert_eq!(read(&duration(unit, false), text), wanted, "{text}");
    }
    let seconds = duration(Unit::PerSecond(1.0), false);
    // Left out, negative, and what is a point in time.
    for text in [
        "-",
        "-1",
        "-0.5",
        "1700000000",
        "1700000000.25",
        "100000000",
    ] {
        assert_eq!(read(&seconds, text), row(""), "{text}");
    }
    for text in [
        ".", "1.2.3", "x", "1,5", "1 2", "5weeks", "ms", "0x10", "1.inf", "e5",
    ] {
        let failed = Err((Reason::NotANumber, 0, 1));
        assert_eq!(read(&seconds, text), failed, "{text}");
    }
}

#[test]
fn durations_of_several_tries_are_one() {
    let format = duration(Unit::PerSecond(1.0), true);
    for (text, seconds) in [
        ("0.25", "duration_s=0.25"),
        ("0.25, 0.5 : 1", "duration_s=1.75"),
        ("-, 0.5", "duration_s=0.5"),
        ("-, -", ""),
    ] {
        assert_eq!(read(&format, text), row(seconds), "{text}");
    }
    let failed = Err((Reason::NotANumber, 0, 1));
    assert_eq!(read(&format, "0.25, x"), failed);
}

#[test]
fn a_duration_says_whether_its_unit_is_open() {
    let open = |unit, text: &str| parsed(&duration(unit, false), text.as_bytes()).open_units;
    assert!(open(Unit::ByPoint(1e6), "250"));
    assert!(open(Unit::ByPoint(1e6), "0.25"));
    for text in ["0", "0.0", "-", "250ms"] {
        assert!(!open(Unit::ByPoint(1e6), text), "{text}");
    }
    assert!(!open(Unit::PerSecond(1e6), "250"));
}

#[test]
fn times_of_several_fields_are_one() {
    let digits = |items: &[Item]| time(TimeFormat::Pattern(items.to_vec()));
    let day = digits(&[
        Item::Year,
        Item::Literal(b'-'),
        Item::Month,
        Item::Literal(b'-'),
        Item::Day,
    ]);
    let clock = digits(&[Item::Hour, Item::Literal(b':'), Item::Minute]);
    let format = positional("", &[(day, " "), (clock, "")]);
    assert_eq!(
        read(&format, "1970-01-02 01:02"),
        row(&format!("time={}", (86_400 + 3_720) * 1_000_000i64))
    );
    // Each part is a time; together they are none.
    assert_eq!(
        read(&format, "1970-02-30 01:02"),
        Err((Reason::NoTime, 0, 17))
    );
    assert_eq!(
        read(&format, "1970-13-01 01:02"),
        Err((Reason::NotATime, 0, 1))
    );
}

#[test]
fn a_line_without_a_time_is_no_hit() {
    let clock = TimeFormat::Pattern(vec![Item::Hour, Item::Literal(b':'), Item::Minute]);
    let format = positional("", &[(text("client"), " "), (time(clock), "")]);
    assert_eq!(read(&format, "a 01:02"), Err((Reason::NoTime, 1, 8)));
    let nobody_asks = Program {
        timed: false,
        ..format
    };
    assert_eq!(read(&nobody_asks, "a 01:02"), row("client=a"));
}

#[test]
fn a_time_that_repeats_is_the_same_time() {
    let format = positional("[", &[(time(TimeFormat::Clf), "] "), (text("cache"), "")]);
    let lines = "[10/Oct/2000:13:55:36 -0700] a\n\
                 [10/Oct/2000:13:55:36 -0700] b\n\
                 [10/Oct/2000:13:55:37 -0700] c\n\
                 [10/Oct/2000:13:55:36 -0700] d\n";
    let seconds = [36, 36, 37, 36].map(|second| 971_211_300 + second);
    let wanted = ["a", "b", "c", "d"].iter().zip(seconds);
    let wanted = wanted.map(|(text, second)| format!("time={second}000000 | cache={text}"));
    assert_eq!(rows(&format, lines), wanted.collect::<Vec<_>>());
}

#[test]
fn a_clock_time_that_comes_twice_is_told_by_the_lines_before() {
    let format = alone(time(TimeFormat::Iso));
    let format = Program {
        calendar: Calendar {
            zone: Zone(vec![(i64::MIN, 7_200), (1_729_990_800_000_000, 3_600)]),
            ..Calendar::default()
        },
        ..format
    };
    let night = "2024-10-27 02:59:59\n2024-10-27 02:00:01\n";
    assert_eq!(
        rows(&format, night),
        ["time=1729990799000000", "time=1729990801000000"]
    );
    let first = parsed(&format, &night.as_bytes()[..20]);
    assert_eq!(first.twice, 1);
    // The next batch goes on where this one ends.
    let mut scratch = Scratch::default();
    let second = &night.as_bytes()[20..];
    let second = parse(&format, second, 2, 1, first.course, &mut scratch);
    assert_eq!(spelled(&format, &second, 0), "time=1729990801000000");
}

#[test]
fn addresses_have_ports_and_brackets() {
    let format = address(Class::Client, false, false);
    for (text, wanted) in [
        ("192.0.2.1", "client=192.0.2.1"),
        ("192.0.2.1:80", "client=192.0.2.1 | client_port=80"),
        ("[2001:db8::1]:443", "client=2001:db8::1 | client_port=443"),
        ("a.example.org", "client=a.example.org"),
        ("-", ""),
    ] {
        assert_eq!(read(&format, text), row(wanted), "{text}");
        // The same once more, known from the line before.
        let twice = rows(&format, format!("{text}\n{text}\n"));
        assert_eq!(twice, [wanted, wanted], "{text}");
    }
    assert_eq!(read(&format, "12:30:45"), Err((Reason::WrongType, 0, 1)));
    assert_eq!(
        read(&address(Class::Client, true, false), "192.0.2.1, 192.0.2.2"),
        row("client=192.0.2.1")
    );
    // What is none is no value, and the line stays a hit.
    assert_eq!(
        read(&address(Class::Client, false, true), "12:30:45"),
        row("")
    );
}

#[test]
fn values_that_are_seldom_meant_leave_a_doubt() {
    let format = address(Class::Client, false, false);
    let doubtful = |format: &Program, data: &str| parsed(format, data.as_bytes()).doubtful;
    assert_eq!(doubtful(&format, "web1\nweb1\n192.0.2.1\nweb1\n"), 3);
    assert_eq!(doubtful(&address(Class::Client, false, true), "web1"), 0);
    let user = alone(Field {
        check: Check::User,
        ..text("user")
    });
    assert_eq!(doubtful(&user, "frank zappa\nann\nfrank zappa\n"), 2);
    assert_eq!(read(&user, "| 192.0.2.5 -"), Err((Reason::WrongType, 0, 1)));
    let host = alone(Field {
        check: Check::VirtualHost,
        ..text("host")
    });
    assert_eq!(read(&host, "www.example.org"), row("host=www.example.org"));
    assert_eq!(read(&host, "-"), Err((Reason::WrongType, 0, 1)));
    let forwarded = alone(Field {
        check: Check::Forwarded,
        ..text("client")
    });
    assert_eq!(doubtful(&forwarded, "192.0.2.1, 192.0.2.2\n' OR 1=1\n"), 1);
}

#[test]
fn a_coded_value_is_a_word_and_a_number() {
    let coded = Kind::Coded {
        word: slot("cache"),
        number: slot("status"),
    };
    let format = alone(field(coded));
    for (text, wanted) in [
        ("TCP_HIT/200", "status=200 | cache=TCP_HIT"),
        ("a/b/200", "status=200 | cache=a/b"),
        ("200", "status=200"),
        ("NONE/-", "cache=NONE"),
    ] {
        assert_eq!(read(&format, text), row(wanted), "{text}");
    }
    assert_eq!(read(&format, "TCP_HIT"), Err((Reason::NotANumber, 0, 1)));
}

#[test]
fn a_request_is_taken_apart() {
    let request = quoted_by(Escape::Backslash, field(Kind::Request));
    let format = with_request_parts(positional("\"", &[(request, "\"")]));
    assert_eq!(
        read(&format, r#""GET /a/b?c=d HTTP/1.1""#),
        row(
            "method=GET | target=/a/b?c=d | path=/a/b | query=c=d | section=/a | protocol=HTTP/1.1"
        )
    );
    assert_eq!(
        read(&format, r#""GET http://h.example/a HTTP/1.1""#),
        row(
            "method=GET | target=http://h.example/a | path=/a | section=/a | protocol=HTTP/1.1 \
             | host=h.example"
        )
    );
    // Escapes are undone in the parts; what is no request stays as it was written.
    assert_eq!(
        read(&format, r#""GET /\x22 HTTP/1.1""#),
        row("method=GET | target=/\" | path=/\" | section=/\" | protocol=HTTP/1.1")
    );
    assert_eq!(
        read(&format, r#""\x16\x03""#),
        row(r"section=(malformed) | request_raw=\x16\x03")
    );
    let twice = rows(&format, "\"GET /a\"\n\"GET /a\"\n");
    assert_eq!(twice[0], twice[1]);
    assert_eq!(
        twice[0],
        "method=GET | target=/a | path=/a | section=/a | request_raw=GET /a"
    );
}

#[test]
fn a_request_in_parts_is_put_together() {
    let parts = [Part::Method, Part::Path, Part::Query, Part::Protocol];
    let fields = parts.map(|part| (field(Kind::Part(part)), " "));
    let format = with_request_parts(positional("", &fields));
    assert_eq!(
        read(&format, "GET /a/b c=d HTTP/2 "),
        row("method=GET | target=/a/b?c=d | path=/a/b | query=c=d | section=/a | protocol=HTTP/2")
    );
    assert_eq!(
        read(&format, "GET /a?x ?c=d - "),
        row("method=GET | target=/a?x | path=/a | query=x | section=/a")
    );
    // The values stand one place further on.
    assert_eq!(
        read(&format, "192.0.2.1 /a - - "),
        Err((Reason::WrongType, 0, 1))
    );
}

#[test]
fn a_request_that_nothing_marks_off_is_a_regular_one_first() {
    let request = Field {
        greedy: true,
        ..field(Kind::Request)
    };
    let mut format = positional("", &[(request, " "), (text("cache"), "")]);
    let Layout::Positional(lines) = &mut format.layouts[0] else {
        unreachable!()
    };
    lines[0].unmarked_request = true;
    assert_eq!(
        read(&format, "GET /a b HTTP/1.1 x"),
        row("target=/a b | cache=x")
    );
    // None is: then the shortest.
    assert_eq!(read(&format, "GET /a b"), row("cache=/a b"));
}
