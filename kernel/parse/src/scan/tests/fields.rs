//! Where the fields of a line end.

use super::*;

fn agent() -> Field {
    quoted_by(Escape::Backslash, text("user_agent"))
}

fn optional(column: &str) -> Field {
    Field {
        quotes: Quotes::Optional,
        ..text(column)
    }
}

fn greedy(field: Field) -> Field {
    Field {
        greedy: true,
        ..field
    }
}

#[test]
fn fields_stand_between_literal_texts() {
    let format = positional(
        "<",
        &[
            (text("client"), "> "),
            (text("user"), " - "),
            (text("cache"), ""),
        ],
    );
    assert_eq!(
        read(&format, "<a> b - c d"),
        row("client=a | user=b | cache=c d")
    );
    // What ends a field only in part does not end it.
    assert_eq!(
        read(&format, "<a>b> b -c - d"),
        row("client=a>b | user=b -c | cache=d")
    );
    assert_eq!(read(&format, "a> b - c"), Err((Reason::Prefix, 0, 1)));
    assert_eq!(read(&format, "<a>b"), Err((Reason::Unended, 0, 2)));
    assert_eq!(read(&format, "<a> b -"), Err((Reason::Unended, 1, 5)));
}

#[test]
fn a_line_cut_anywhere_is_rejected_where_it_ends() {
    let format = positional(
        "",
        &[
            (text("client"), " ["),
            (time(TimeFormat::Clf), "] \""),
            (quoted_by(Escape::Backslash, field(Kind::Request)), "\" "),
            (status(), " \""),
            (agent(), "\""),
        ],
    );
    let line = r#"a [10/Oct/2000:13:55:36 -0700] "GET /x HTTP/1.1" 200 "curl""#;
    assert_eq!(
        read(&format, line),
        row("time=971211336000000 | client=a | target=/x | status=200 | user_agent=curl")
    );
    for (cut, reason, field, column) in [
        (1, Reason::Unended, 0, 1),
        (20, Reason::Unended, 1, 4),
        (34, Reason::Unquoted, 2, 33),
        // A quote ends the request only with the blank behind it.
        (48, Reason::Unquoted, 2, 33),
        (51, Reason::Unended, 3, 50),
        (54, Reason::Unquoted, 4, 55),
        (58, Reason::Unquoted, 4, 55),
    ] {
        let failed = read(&format, &line[..cut]);
        assert_eq!(failed, Err((reason, field, column)), "{}", &line[..cut]);
    }
    for cut in 1..line.len() {
        assert!(read(&format, &line[..cut]).is_err(), "{}", &line[..cut]);
    }
}

#[test]
fn an_escaped_quote_does_not_end_a_field() {
    let format = positional("\"", &[(agent(), "\" "), (text("cache"), "")]);
    for (line, agent) in [
        (r#""a" x"#, "a"),
        (r#""a\"b" x"#, r#"a"b"#),
        (r#""a\\" x"#, r"a\"),
        (r#""a\\\"b" x"#, r#"a\"b"#),
        (r#""\x22a\x22" x"#, r#""a""#),
        (r#""\" x" x"#, r#"" x"#),
        (r#""\u00e9\t" x"#, "é\t"),
    ] {
        let wanted = row(&format!("user_agent={agent} | cache=x"));
        assert_eq!(read(&format, line), wanted, "{line}");
    }
    // Nothing and `-` are no values.
    assert_eq!(read(&format, r#""" x"#), row("cache=x"));
    assert_eq!(read(&format, r#""-" x"#), row("cache=x"));
    // The last backslash hides the quote.
    assert_eq!(read(&format, r#""a\" x"#), Err((Reason::Unquoted, 0, 2)));
    assert_eq!(read(&format, r#""a\"#), Err((Reason::Unquoted, 0, 2)));
    // A server that escapes never leaves a bare quote.
    assert_eq!(read(&format, r#""a"b" x"#), Err((Reason::Unquoted, 0, 2)));
}

#[test]
fn a_server_that_does_not_escape_leaves_quotes_inside() {
    let bare = greedy(quoted_by(Escape::None, text("user_agent")));
    let format = positional("\"", &[(bare, "\" "), (status(), "")]);
    assert_eq!(
        read(&format, r#""a\" 200"#),
        row(r"status=200 | user_agent=a\")
    );
    assert_eq!(
        read(&format, r#""a"b" 200"#),
        row(r#"status=200 | user_agent=a"b"#)
    );
    // The longer value is tried where the rest does not fit the shorter one.
    assert_eq!(
        read(&format, r#""a" b" 200"#),
        row(r#"status=200 | user_agent=a" b"#)
    );
    assert_eq!(
        read(&format, r#""a" b" c"#),
        Err((Reason::NotANumber, 1, 8))
    );
}

#[test]
fn the_last_quoted_field_ends_the_line() {
    let format = positional("\"", &[(agent(), "\"")]);
    assert_eq!(read(&format, r#""a b""#), row("user_agent=a b"));
    assert_eq!(read(&format, r#""a" b"#), Err((Reason::TrailingText, 0, 2)));
    let hash = positional("\"", &[(quoted_by(Escape::Hash, text("user_agent")), "\"")]);
    // HAProxy encodes quotes, but not in all versions.
    assert_eq!(read(&hash, r#""a"b#22#C3#A9""#), row(r#"user_agent=a"b"é"#));
}

#[test]
fn quotes_that_a_value_may_have_are_no_part_of_it() {
    let format = positional("", &[(optional("client"), " "), (optional("cache"), "")]);
    for (line, client, cache) in [
        ("a b", "a", "b"),
        (r#""a b" c"#, "a b", "c"),
        (r#""a ""b""" "c""#, r#"a "b""#, "c"),
        // A quote that is never closed, and one within a word, are parts of the value.
        (r#""a b"#, "\"a", "b"),
        (r#"a"b c"#, "a\"b", "c"),
    ] {
        let wanted = row(&format!("client={client} | cache={cache}"));
        assert_eq!(read(&format, line), wanted, "{line}");
    }
    assert_eq!(read(&format, r#""" c"#), row("cache=c"));
    let escaped = Field {
        escape: Escape::Json,
        ..optional("client")
    };
    let escaped = positional("", &[(escaped, " "), (text("cache"), "")]);
    assert_eq!(
        read(&escaped, r#""a\" b\u0041" c"#),
        row("client=a\" bA | cache=c")
    );
    // Without quotes nothing is escaped.
    assert_eq!(
        read(&escaped, r"a\u0041 c"),
        row(r"client=a\u0041 | cache=c")
    );
}

#[test]
fn a_word_without_quotes_holds_none_where_the_rest_tells() {
    let format = positional(
        "",
        &[(greedy(optional("client")), " "), (text("cache"), "")],
    );
    assert_eq!(read(&format, r#"a"b c"#), Err((Reason::Forbidden, 0, 1)));
    assert_eq!(read(&format, r#""a"b" c"#), row("client=a\"b | cache=c"));
}

#[test]
fn the_blank_beside_quotes_may_be_missing() {
    let glued = |column| Field {
        glued: true,
        escape: Escape::Backslash,
        ..optional(column)
    };
    let format = positional(
        "",
        &[
            (glued("client"), " "),
            (glued("user_agent"), " "),
            (text("cache"), ""),
        ],
    );
    let wanted = row("client=a | user_agent=b c | cache=d");
    assert_eq!(read(&format, r#"a "b c" d"#), wanted);
    assert_eq!(read(&format, r#"a"b c" d"#), wanted);
    assert_eq!(read(&format, r#""a""b c" d"#), wanted);
}

#[test]
fn a_greedy_field_holds_what_ends_it() {
    let user = greedy(text("user"));
    let format = positional("", &[(user, " "), (status(), "")]);
    assert_eq!(read(&format, "ann 200"), row("user=ann | status=200"));
    // Of the places where it could end the first counts behind which the rest fits.
    assert_eq!(read(&format, "ann b 200"), row("user=ann b | status=200"));
    assert_eq!(read(&format, "ann b c"), Err((Reason::NotANumber, 1, 7)));
    // Lists go on behind a comma, whatever fits there.
    let listed = positional("", &[(greedy(text("client")), " "), (text("cache"), "")]);
    assert_eq!(read(&listed, "a, b c"), row("client=a, b | cache=c"));
    assert_eq!(read(&listed, "a : b c"), row("client=a : b | cache=c"));
}

#[test]
fn a_greedy_field_is_tried_so_often_and_no_more() {
    let user = || greedy(text("user"));
    let format = positional("", &[(user(), " "), (user(), " "), (status(), "")]);
    let fits = |words: usize| read(&format, "a ".repeat(words) + "b 200").is_ok();
    assert!(fits(15));
    let begun = std::time::Instant::now();
    assert!(!fits(100_000));
    assert!(begun.elapsed().as_secs() < 5);
}

#[test]
fn what_a_shorter_value_gave_is_forgotten() {
    let format = positional(
        "",
        &[
            (greedy(text("client")), " "),
            (greedy(text("user")), " ["),
            (time(TimeFormat::Clf), "] "),
            (text("cache"), " "),
            (status(), ""),
        ],
    );
    // The first try takes `x [` for the beginning of the time, the second one reads further.
    let line = "a b [x [10/Oct/2000:13:55:36 -0700] - 200";
    assert_eq!(
        read(&format, line),
        row("time=971211336000000 | client=a | user=b [x | status=200")
    );
    // Of the first try's user nothing is left where the second has none.
    let user = positional(
        "",
        &[
            (greedy(text("client")), " "),
            (text("user"), " "),
            (status(), ""),
        ],
    );
    assert_eq!(read(&user, "a b - 200"), row("client=a b | status=200"));
}

#[test]
fn a_field_may_forbid_a_byte() {
    let word = Field {
        forbids: Some(b' '),
        ..text("client")
    };
    let format = positional("", &[(word, " ["), (text("cache"), "]")]);
    assert_eq!(read(&format, "a [b]"), row("client=a | cache=b"));
    assert_eq!(read(&format, "a b [b]"), Err((Reason::Forbidden, 0, 1)));
    let unquoted = Field {
        forbids: Some(b'"'),
        ..text("user")
    };
    let format = positional("", &[(unquoted, " "), (status(), "")]);
    assert_eq!(read(&format, "a\"b 200"), Err((Reason::Forbidden, 0, 1)));
    // Apache writes an empty name so.
    assert_eq!(read(&format, "\"\" 200"), row("user=\"\" | status=200"));
}

#[test]
fn blanks_may_stand_before_a_value() {
    let right = Field {
        leading_blanks: true,
        ..integer_field("bytes")
    };
    let format = positional("", &[(text("client"), " "), (right, " "), (status(), "")]);
    for line in ["a 12 200", "a     12 200"] {
        let wanted = row("client=a | status=200 | bytes=12");
        assert_eq!(read(&format, line), wanted, "{line}");
    }
    assert_eq!(read(&format, "a   x 200"), Err((Reason::NotANumber, 1, 5)));
}

#[test]
fn a_line_may_end_before_its_last_fields() {
    let referrer = Field {
        end: Some(b"\"".to_vec()),
        ..quoted_by(Escape::Backslash, text("referrer"))
    };
    let format = positional("\"", &[(referrer, "\" \""), (agent(), "\"")]);
    assert_eq!(
        read(&format, r#""a" "b""#),
        row("referrer=a | user_agent=b")
    );
    assert_eq!(read(&format, r#""a""#), row("referrer=a"));
    assert_eq!(read(&format, r#""a" "#), Err((Reason::Unquoted, 0, 2)));
    let last = Field {
        end: Some(Vec::new()),
        ..text("client")
    };
    let format = positional("", &[(last, " "), (text("cache"), "")]);
    assert_eq!(read(&format, "a b"), row("client=a | cache=b"));
    assert_eq!(read(&format, "a"), row("client=a"));
}

#[test]
fn text_behind_the_last_field_is_an_error_or_left() {
    let (line, fields) = line_of("", &[(status(), " "), (text("cache"), ";")]);
    let mut format = program(vec![Layout::Positional(vec![line.clone()])], fields);
    assert_eq!(read(&format, "200 a;"), row("status=200 | cache=a"));
    assert_eq!(read(&format, "200 a; b"), Err((Reason::TrailingText, 1, 7)));
    format.layouts = vec![Layout::Positional(vec![Line {
        ignore_rest: true,
        ..line
    }])];
    assert_eq!(read(&format, "200 a; b"), row("status=200 | cache=a"));
}

#[test]
fn of_two_fields_of_one_column_the_one_that_says_something_counts() {
    let shared = Field {
        shared: true,
        ..text("user")
    };
    let spare = Field {
        spare: true,
        ..shared.clone()
    };
    let later = positional("", &[(text("user"), " "), (shared, "")]);
    assert_eq!(read(&later, "a b"), row("user=b"));
    assert_eq!(read(&later, "a -"), row("user=a"));
    let fallback = positional("", &[(text("user"), " "), (spare, "")]);
    assert_eq!(read(&fallback, "a b"), row("user=a"));
    assert_eq!(read(&fallback, "- b"), row("user=b"));
}
