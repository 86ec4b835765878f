//! Patterns, counted values, and several ways to lay a line out.

use super::*;

fn pattern(expression: &str, groups: &[(usize, usize)]) -> Layout {
    Layout::Pattern(Pattern {
        regex: regex::bytes::Regex::new(&format!("(?-u)\\A(?:{expression})")).unwrap(),
        groups: groups.to_vec(),
    })
}

/// A format whose values are counted.
fn counted(fields: &[Field], least: usize) -> Program {
    let fields: Vec<_> = fields.iter().map(|field| (field.clone(), "")).collect();
    let (line, fields) = line_of("", &fields);
    let line = Line {
        counted: Some(Counted {
            separators: b"\t ".to_vec(),
            least,
            open: false,
            quotes: true,
        }),
        ..line
    };
    program(vec![Layout::Positional(vec![line])], fields)
}

#[test]
fn groups_of_a_pattern_are_fields() {
    let layout = pattern(r"(\S+) (?:u=(\w+) )?(\d+)", &[(1, 0), (2, 1), (3, 2)]);
    let fields = [text("client"), text("user"), status()];
    let fields = fields.into_iter().enumerate();
    let fields = fields.map(|(group, field)| Field { group, ..field });
    let format = program(vec![layout], fields.collect());
    assert_eq!(
        read(&format, "a u=b 200 rest"),
        row("client=a | user=b | status=200")
    );
    // A group that took no part has no value.
    assert_eq!(read(&format, "a 200"), row("client=a | status=200"));
    assert_eq!(read(&format, "a x"), Err((Reason::Unmatched, 0, 1)));
    assert_eq!(read(&format, " a 200"), Err((Reason::Unmatched, 0, 1)));
    assert_eq!(read(&format, "a 9999"), Err((Reason::WrongType, 2, 3)));
}

#[test]
fn of_groups_that_fill_one_column_the_first_with_a_value_counts() {
    let layout = pattern(r"(\S*) (\S*)", &[(1, 0), (2, 1)]);
    let format = program(vec![layout], vec![text("client"); 2]);
    assert_eq!(read(&format, "a b"), row("client=a"));
    assert_eq!(read(&format, "- b"), row("client=b"));
    assert_eq!(read(&format, " b"), row("client=b"));
}

#[test]
fn values_are_counted() {
    let agent = Field {
        quotes: Quotes::Optional,
        ..text("user_agent")
    };
    let format = counted(&[text("client"), agent, status()], 3);
    let wanted = row("client=a | status=200 | user_agent=b");
    for line in ["a b 200", "a  b   200", "a\tb\t200", "a \"b\" 200"] {
        assert_eq!(read(&format, line), wanted, "{line}");
    }
    assert_eq!(
        read(&format, r#"a "b ""c"" d" 200"#),
        row(r#"client=a | status=200 | user_agent=b "c" d"#)
    );
    // So many values, in place of a field.
    assert_eq!(read(&format, "a 200"), Err((Reason::Values, 2, 6)));
    assert_eq!(read(&format, "a b c 200"), Err((Reason::Values, 4, 7)));
    assert_eq!(
        read(&format, "a ".repeat(5000)),
        Err((Reason::Values, 999, 7))
    );
    assert_eq!(read(&format, "a b x"), Err((Reason::NotANumber, 2, 5)));
}

#[test]
fn a_counted_value_forbids_what_its_field_forbids() {
    let word = Field {
        forbids: Some(b' '),
        ..text("client")
    };
    let format = counted(&[word, status()], 2);
    assert_eq!(read(&format, "a\t200"), row("client=a | status=200"));
    assert_eq!(read(&format, "a b\t200"), Err((Reason::Forbidden, 0, 1)));
}

#[test]
fn a_server_that_writes_blanks_otherwise_quotes_nothing_without_one() {
    let plus = Field {
        escape: Escape::Plus,
        ..text("user_agent")
    };
    let format = counted(&[plus, status()], 2);
    assert_eq!(read(&format, "a+b 200"), row("status=200 | user_agent=a b"));
    assert_eq!(
        read(&format, "\"a+b\" 200"),
        row("status=200 | user_agent=\"a b\"")
    );
    assert_eq!(
        read(&format, "\"a b+c\" 200"),
        row("status=200 | user_agent=a b+c")
    );
}

#[test]
fn of_several_lines_the_first_that_fits_counts() {
    let format = several(&[
        &[(text("client"), " "), (status(), "")],
        &[(text("user"), ";"), (integer_field("bytes"), "")],
        &[(text("cache"), "")],
    ]);
    let data = "a 200\nb;5\nc d\nb;x\ne 200\n";
    assert_eq!(
        rows(&format, data),
        [
            "client=a | status=200",
            "user=b | bytes=5",
            "cache=c d",
            "cache=b;x",
            "client=e | status=200",
        ]
    );
}

#[test]
fn what_fits_nowhere_is_rejected_where_it_went_furthest() {
    let format = several(&[
        &[(text("client"), " "), (status(), "")],
        &[(text("user"), " "), (status(), " "), (text("cache"), "")],
    ]);
    assert_eq!(
        read(&format, "a 200 b"),
        row("user=a | status=200 | cache=b")
    );
    // Both stop at the second word: the first says why.
    assert_eq!(read(&format, "a 20x"), Err((Reason::NotANumber, 1, 3)));
    assert_eq!(read(&format, "a b c"), Err((Reason::NotANumber, 1, 3)));
    let longer = several(&[
        &[(text("client"), ";"), (status(), "")],
        &[(text("user"), " "), (status(), "")],
    ]);
    assert_eq!(read(&longer, "a b"), Err((Reason::NotANumber, 3, 3)));
}

#[test]
fn layouts_are_tried_in_turn_on_every_line() {
    let names = layout_of_names(Syntax::Json, &[("ip", 0)]);
    let (line, fields) = line_of("", &[(text("user"), " "), (status(), "")]);
    let line = Line {
        fields: 1..3,
        ..line
    };
    let layouts = vec![
        Layout::KeyValue(names),
        Layout::Positional(vec![line]),
        pattern("!(.*)", &[(1, 0)]),
    ];
    let fields = [vec![text("client")], fields].concat();
    let format = program(layouts, fields);
    let data = "{\"ip\":\"a\"}\nb 200\n!c\n{\"ip\":\"d\"}\n!e\nf 201\n";
    assert_eq!(
        rows(&format, data),
        [
            "client=a",
            "user=b | status=200",
            "client=c",
            "client=d",
            "client=e",
            "user=f | status=201",
        ]
    );
    // What one layout has taken before it gave up is not left to the next.
    assert_eq!(
        read(&format, "{\"ip\":\"a\"} 200"),
        row("user={\"ip\":\"a\"} | status=200")
    );
    assert_eq!(
        read(&format, "{\"ip\":\"a\"} x"),
        Err((Reason::Syntax, 0, 12))
    );
}
