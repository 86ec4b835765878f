//! Lines read in blocks become what they become one by one.

use super::*;

fn client() -> Field {
    field(Kind::Address {
        host: slot("client"),
        port: slot("client_port"),
        class: Class::Client,
        list: false,
        lenient: false,
    })
}

fn checked(column: &str, check: Check, escape: Escape) -> Field {
    Field {
        check,
        escape,
        ..text(column)
    }
}

fn request() -> Field {
    quoted_by(Escape::Backslash, field(Kind::Request))
}

fn bytes() -> Field {
    field(Kind::Integer {
        slot: slot("bytes"),
        dash_is_zero: true,
    })
}

fn duration() -> Field {
    field(Kind::Seconds {
        slot: slot("duration_s"),
        unit: Unit::ByPoint(1e6),
        list: false,
    })
}

/// What most servers write: head, request, status and bytes, and what may stand behind them.
fn combined() -> Program {
    let quoted = |column| quoted_by(Escape::Backslash, text(column));
    let agent = Field {
        end: Some(b"\"".to_vec()),
        ..quoted("user_agent")
    };
    let head = [
        (client(), " "),
        (field(Kind::Skip), " "),
        (checked("user", Check::User, Escape::Name), " ["),
        (time(TimeFormat::Clf), "] \""),
        (request(), "\" "),
        (status(), " "),
    ];
    let short = Field {
        end: Some(Vec::new()),
        ..bytes()
    };
    let long = [
        head.as_slice(),
        &[
            (bytes(), " \""),
            (quoted("referrer"), "\" \""),
            (agent, "\" "),
            (duration(), ""),
        ],
    ]
    .concat();
    let common = [head.as_slice(), &[(short, " - - "), (duration(), "")]].concat();
    let format = with_request_parts(several(&[&long, &common]));
    Program {
        status: slot("status"),
        line_number: slot("line_number"),
        directives: vec![b"#".to_vec()],
        section_depth: 2,
        ..format
    }
}

/// A host in front, values that are checked or decoded, and more behind them.
fn vhost() -> Program {
    let host = Field {
        check: Check::VirtualHost,
        ..text("host")
    };
    let format = positional(
        "> ",
        &[
            (host, " "),
            (checked("client", Check::Forwarded, Escape::None), " | "),
            (time(TimeFormat::Iso), " "),
            (checked("cache", Check::None, Escape::Percent), " "),
            (request(), "\" "),
            (status(), " "),
        ],
    );
    let Layout::Positional(mut lines) = format.layouts[0].clone() else {
        panic!("another layout");
    };
    lines[0].ignore_rest = true;
    Program {
        layouts: vec![Layout::Positional(lines)],
        ..format
    }
}

const COMBINED: [&str; 16] = [
    r#"192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET /a/b/c?d=e HTTP/1.1" 200 2326 "http://x/" "Moz/5.0 (X)""#,
    r#"192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.1" 304 - "-" "-""#,
    r#"192.0.2.22:8080 - bob [10/Oct/2000:13:55:37 -0700] "POST /a/b HTTP/2.0" 404 0 "" "" 1500"#,
    r#"2001:db8::1 - "a b" [10/Oct/2000:13:55:37 -0700] "HEAD / HTTP/1.0" 500 1 "-" "x" 0.25"#,
    r#"example.org - - [10/Oct/2000:13:55:38 -0700] "-" 408 - "-" "-""#,
    r#"localhost - - [10/Oct/2000:13:55:38 -0700] "CONNECT h:443 HTTP/1.1" 405 7 "-" "-""#,
    r#"192.0.2.3 - - [11/Oct/2000:00:00:00 +0000] "GET http://h.example/p?q HTTP/1.1" 200 5 "-" "\"q\" \\ \x41""#,
    r#"192.0.2.3 - - [11/Oct/2000:00:00:00 +0000] "GET /a b c HTTP/1.1" 200 5 - -"#,
    r#"192.0.2.3 - - [11/Oct/2000:00:00:00 +0000] "GET /x" 200 5"#,
    r#"192.0.2.3 - - [11/Oct/2000:00:00:00 +0000] "\x16\x03\x01" 400 226"#,
    r#"192.0.2.3 - bob%20x [11/Oct/2000:00:00:01 +0000] "get /%41 http" 200 5 "-" "a""#,
    r#"- - - [11/Oct/2000:00:00:01 +0000] "NONE /a NONE/0.0" 0 0 "-" "a""#,
    r#"999.1.1.1 - - [11/Oct/2000:00:00:01 +0000] "GET /a HTTP/1.1" 99 0 "-" "a""#,
    "#Fields: a b",
    "",
    "nothing of the kind",
];

const VHOST: [&str; 6] = [
    r#"> a.example 192.0.2.1, 192.0.2.2 | 2024-05-04T10:00:00Z HIT%20 GET /a HTTP/1.1" 200 more"#,
    r#"> b.example - | 2024-05-04T10:00:00.5+02:00 - GET /a HTTP/1.1" 200 "#,
    r#"> - unknown | 2024-05-04T10:00:00Z MISS GET /a?b HTTP/1.1" 404 x y"#,
    r#"> a.example:80 192.0.2.1 | 2024-05-04T10:00:01Z HIT POST /c HTTP/1.1" 404 "#,
    r#"> _ 192.0.2.1 | 2024-05-04T10:00:01Z %zz - 404 "#,
    r#"> a.example 192.0.2.1 | yesterday HIT GET /a HTTP/1.1" 404 "#,
];

/// Numbers that follow no order, the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as usize % limit
    }
}

/// Many lines as they are, and damaged: bytes replaced, left out and put in.
fn lines(samples: &[&str], count: usize) -> Vec<u8> {
    const BYTES: &[u8] = b"\"\" \\-[]:/?%,.|\x00\xff\r\t059aHTP";
    let mut chance = Chance(7);
    let mut data = Vec::new();
    for _ in 0..count {
        let mut line = samples[chance.below(samples.len())].as_bytes().to_vec();
        for _ in 0..chance.below(4) {
            let at = chance.below(line.len() + 1);
            let byte = BYTES[chance.below(BYTES.len())];
            match chance.below(3) {
                0 if at < line.len() => line[at] = byte,
                1 if at < line.len() => _ = line.remove(at),
                _ => line.insert(at, byte),
            }
        }
        data.extend(line);
        data.push(b'\n');
    }
    data
}

/// Everything that became of lines, as text.
fn outcome(program: &Program, parsed: &Parsed) -> Vec<String> {
    let rows = 0..parsed.lines - parsed.rejected;
    let mut all: Vec<String> = rows.map(|row| spelled(program, parsed, row)).collect();
    let Parsed {
        lines,
        directives,
        doubtful,
        open_units,
        twice,
        ..
    } = parsed;
    all.push(format!(
        "{lines} {directives} {doubtful} {open_units} {twice}"
    ));
    all.push(format!("{:?} {:?}", parsed.course, parsed.reasons));
    all.extend(parsed.rejects.iter().map(|reject| format!("{reject:?}")));
    all
}

/// Check that blocks change nothing. Argument: memory from batch to batch.
fn check(program: &Program, data: &[u8], scratch: &mut Scratch) {
    let course = Course::default();
    assert!(Plan::of(program).is_some(), "the format has no plan");
    let blocks = parse(program, data, 5, 1000, course, scratch);
    let mut fresh = Scratch::default();
    let values = fresh.prepare(program);
    let mut scanner = Scanner::new(program, 5, &mut fresh);
    scanner.read_lines(data, 1000);
    let single = scanner.finish(values);
    let (one, other) = (outcome(program, &blocks), outcome(program, &single));
    for (one, other) in one.iter().zip(&other) {
        assert_eq!(one, other);
    }
    assert_eq!(one.len(), other.len());
}

#[test]
fn lines_in_blocks_become_what_they_become_one_by_one() {
    for (program, samples) in [(combined(), COMBINED.as_slice()), (vhost(), &VHOST)] {
        let data = lines(samples, 20_000);
        check(&program, &data, &mut Scratch::default());
        // Of the columns that nobody asks for nothing is kept, and all is checked.
        let no_request = Program {
            request: RequestSlots::default(),
            ..program
        };
        check(&no_request, &data, &mut Scratch::default());
    }
}

#[test]
fn values_that_are_kept_change_nothing() {
    let program = combined();
    let data = lines(&COMBINED, 3000);
    let mut scratch = Scratch::keeping_values();
    for batch in data
        .chunk_by(|&byte, _| byte != b'\n')
        .collect::<Vec<_>>()
        .chunks(100)
    {
        check(&program, &batch.concat(), &mut scratch);
    }
}

/// Lines of so many paths, each in a section of its own.
fn paths(numbers: std::ops::Range<usize>) -> Vec<u8> {
    let line = |number: usize| {
        let head = "192.0.2.1 - - [10/Oct/2000:13:55:36 -0700]";
        format!("{head} \"GET /s{number}/p HTTP/1.1\" 200 1 \"-\" \"-\"\n")
    };
    numbers.map(line).collect::<String>().into_bytes()
}

#[test]
fn what_is_forgotten_of_paths_is_forgotten_of_their_sections() {
    let program = combined();
    let mut scratch = Scratch::keeping_values();
    for numbers in [0..20_000, 20_000..20_010, 5..15] {
        check(&program, &paths(numbers), &mut scratch);
    }
}

#[test]
fn kept_values_have_one_code_until_there_are_too_many() {
    let program = positional("", &[(text("client"), " "), (status(), "")]);
    let mut scratch = Scratch::keeping_values();
    let mut parsed = |data: &str| {
        let course = Course::default();
        let parsed = parse(&program, data.as_bytes(), 1, 1, course, &mut scratch);
        let (codes, values) = parsed.columns[1].text().unwrap();
        (codes.values().to_vec(), values.id())
    };
    let (first, id) = parsed("a 200\nb 200\n");
    assert_eq!(
        (first, parsed("b 200\nc 200\na 200\n")),
        (vec![0, 1], (vec![1, 2, 0], id))
    );
    // As long as they come again, more are kept.
    let many = |from: u32, to: u32| {
        let lines = (from..to).map(|number| format!("{number} 200\n{number} 200\n"));
        lines.collect::<String>()
    };
    assert_eq!(parsed(&many(0, 40_000)).1, id);
    assert_eq!(parsed(&many(40_000, 70_000)).1, id);
    let (after, other) = parsed("b 200\n");
    assert!(after == [0] && other != id);
    // Where none comes again, fewer are.
    let distinct: String = (0..20_000)
        .map(|number| format!("{number} 200\n"))
        .collect();
    assert_eq!(parsed(&distinct).1, other);
    assert_ne!(parsed("b 200\n").1, other);
}

#[test]
fn formats_that_take_a_closer_look_have_no_plan() {
    let twice = positional("", &[(text("client"), " "), (text("client"), "")]);
    let greedy = Field {
        greedy: true,
        ..text("client")
    };
    let greedy = positional("", &[(greedy, " "), (status(), "")]);
    let json = named(Syntax::Json, &[("a", text("client"))]);
    for program in [twice, greedy, json] {
        assert!(Plan::of(&program).is_none());
    }
}
