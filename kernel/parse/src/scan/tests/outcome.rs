//! What becomes of lines: rows, rejects, counts.

use super::*;

fn words() -> Program {
    positional("", &[(text("client"), " "), (status(), "")])
}

#[test]
fn every_line_becomes_a_row_or_a_reject() {
    let format = words();
    let data = b"a 200\n\nb x\r\nc 201\r\r\n\r\nd 202";
    let parsed = parsed(&format, data);
    assert_eq!(
        (parsed.lines, parsed.rejected, parsed.directives),
        (6, 3, 0)
    );
    let spelled: Vec<_> = (0..3).map(|row| spelled(&format, &parsed, row)).collect();
    assert_eq!(
        spelled,
        [
            "client=a | status=200",
            "client=c | status=201",
            "client=d | status=202"
        ]
    );
    let reasons = [((Reason::Empty, 0), 2), ((Reason::NotANumber, 1), 1)];
    assert_eq!(parsed.reasons, reasons);
    let rejects: Vec<_> = parsed.rejects.iter().collect();
    let places = rejects.iter().map(|r| (r.line, &data[r.start..r.end]));
    let wanted = [(2, &b""[..]), (3, &b"b x"[..]), (5, &b""[..])];
    assert_eq!(places.collect::<Vec<_>>(), wanted);
}

#[test]
fn as_many_rejects_are_kept_as_asked_and_all_are_counted() {
    let mut scratch = Scratch::default();
    let course = Course::default();
    let parsed = parse(&words(), b"x\nx\nx\n", 41, 2, course, &mut scratch);
    let lines: Vec<_> = parsed.rejects.iter().map(|r| r.line).collect();
    assert_eq!(lines, [41, 42]);
    assert_eq!(parsed.rejected, 3);
    assert_eq!(parsed.reasons, [((Reason::Unended, 0), 3)]);
}

#[test]
fn a_rejected_line_leaves_nothing_in_the_next() {
    let format = positional(
        "",
        &[(text("client"), " "), (text("user"), " "), (status(), "")],
    );
    assert_eq!(rows(&format, "a b x\n- - 200\n"), ["status=200"]);
    let bytes = positional("", &[(integer_field("bytes"), " "), (status(), "")]);
    assert_eq!(rows(&bytes, "5 x\n- 200\n"), ["status=200"]);
}

#[test]
fn rejects_lie_behind_the_values_of_the_same_line_only() {
    let format = positional(
        "",
        &[
            (text("client"), " "),
            (integer_field("bytes"), " "),
            (status(), ""),
        ],
    );
    let data = "a 1 200\nx x x\n- - 201\nb - 202\n- 2 203\n";
    assert_eq!(
        rows(&format, data),
        [
            "client=a | status=200 | bytes=1",
            "status=201",
            "client=b | status=202",
            "status=203 | bytes=2",
        ]
    );
}

#[test]
fn directives_are_no_lines_but_are_numbered() {
    let format = Program {
        directives: vec![b"#".to_vec(), b"//".to_vec()],
        line_number: slot("line_number"),
        ..words()
    };
    let parsed = parsed(&format, b"#Fields: x\na 200\n// x\nb\nc 201\n");
    assert_eq!(
        (parsed.lines, parsed.directives, parsed.rejected),
        (3, 2, 1)
    );
    assert_eq!(
        spelled(&format, &parsed, 0),
        "client=a | status=200 | line_number=2"
    );
    assert_eq!(
        spelled(&format, &parsed, 1),
        "client=c | status=201 | line_number=5"
    );
    assert_eq!(parsed.rejects[0].line, 4);
}

#[test]
fn bytes_that_are_no_text_are_spelled_out() {
    let format = words();
    assert_eq!(
        read(&format, b"a\xff\xc3\xa9 200"),
        row("client=a\\xFFé | status=200")
    );
    assert_eq!(
        read(&format, b"a\x00b 200"),
        row("client=a\0b | status=200")
    );
    // Written so by the server and so read are one value.
    let data = b"\xfe 200\n\\xFE 200\n";
    let parsed = parsed(&format, data);
    let (_, values) = parsed.columns[1].text().unwrap();
    assert_eq!(values.read().iter().collect::<Vec<_>>(), ["\\xFE"]);
}

#[test]
fn a_value_that_repeats_is_stored_once() {
    let format = words();
    let data = "a 200\nb 200\na 200\nb 200\na 200\n";
    let parsed = parsed(&format, data.as_bytes());
    let (codes, values) = parsed.columns[1].text().unwrap();
    assert_eq!(codes.values(), &[0, 1, 0, 1, 0]);
    assert_eq!(values.read().iter().collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn a_batch_knows_nothing_of_the_one_before_it() {
    let format = words();
    let mut scratch = Scratch::default();
    let course = Course::default();
    for data in ["a 200\nb 201\n", "b 202\n", "c 203\nx\nb 204\n", ""] {
        let lent = parse(&format, data.as_bytes(), 1, 9, course, &mut scratch);
        let fresh = parsed(&format, data.as_bytes());
        let spelled = |parsed: &Parsed| -> Vec<String> {
            let rows = 0..parsed.lines - parsed.rejected;
            rows.map(|row| spelled(&format, parsed, row)).collect()
        };
        assert_eq!(spelled(&lent), spelled(&fresh), "{data}");
        let values = |parsed: &Parsed| parsed.columns[1].text().unwrap().1.read().clone();
        assert_eq!(values(&lent), values(&fresh), "{data}");
    }
}

#[test]
fn columns_nobody_asked_for_are_checked_all_the_same() {
    let none = Field {
        kind: Kind::Text(None),
        ..text("client")
    };
    let number = Field {
        kind: Kind::Integer {
            slot: None,
            dash_is_zero: false,
        },
        ..status()
    };
    let format = positional("", &[(none, " "), (number, "")]);
    assert_eq!(read(&format, "a 200"), row(""));
    assert_eq!(read(&format, "a x"), Err((Reason::NotANumber, 1, 3)));
}
