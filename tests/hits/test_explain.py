"""What is said of a log's format: its own names, what is a guess, and one line explained."""

from __future__ import annotations

import json

import pytest
from tests.program.running import run

from hitwatch.formats.server_strings import resolve_format
from hitwatch.hits.batch import Reject
from hitwatch.hits.detect import Fit, detect
from hitwatch.hits.explain import explain, nearness
from hitwatch.hits.reader import Reader
from hitwatch.render.detection import line_to_text, to_json, to_text

COMBINED = '192.0.2.1 - - [10/Oct/2026:13:55:36 +0000] "GET /a HTTP/1.1" 200 5 "-" "curl/8"'


@pytest.mark.parametrize(
    ("line", "labels"),
    [
        (
            '{"@timestamp":"2026-10-10T13:55:36Z","remote_addr":"192.0.2.1","method":"GET",'
            '"requestUri":"/a","status":200}',
            {
                "time": "@timestamp",
                "client, client_port": "remote_addr",
                "method": "method",
                "target, path, query, section": "requestUri",
                "status": "status",
            },
        ),
        (
            '{"time":"2026-10-10T13:55:36Z","ip":"192.0.2.1","http":{"request":{"method":"GET"},'
            '"response":{"status_code":200,"body":{"bytes":7}}},"url":{"path":"/a"}}',
            {"method": "http.request.method", "bytes": "http.response.body.bytes"},
        ),
        (
            'ts=2026-10-10T13:55:36Z src=192.0.2.1 verb=GET uri="/a b" status=200 bytes_out=9',
            {"client, client_port": "src", "method": "verb", "bytes": "bytes_out"},
        ),
        (
            "time:10/Oct/2026:13:55:36 +0000\thost:192.0.2.1\treq:GET /a HTTP/1.1\tstatus:200",
            {"status": "status"},
        ),
    ],
)
def test_named_values_have_the_names_of_the_log(line: str, labels: dict[str, str]) -> None:
    """The field is the key as it stands in this log, not one of the format's other spellings."""
    found = explain("x", line.encode() + b"\n", Reader(None))
    assert found is not None
    shown = {row.column: row.field for row in found.fields}
    assert {column: shown.get(column) for column in labels} == labels


def test_headers_and_directives_are_names_of_the_log() -> None:
    """W3C fields are called as in the header, those of a server's string as its directives."""
    log = (
        "#Fields: date time c-ip cs-method cs-uri-stem sc-status time-taken\n"
        "2026-10-10 13:55:36 192.0.2.1 GET /a 200 15\n"
    )
    found = explain("x", log.encode(), Reader(None))
    assert found is not None
    assert [row.field for row in found.fields][2:] == [
        *("c-ip", "cs-method", "cs-uri-stem", "sc-status", "time-taken")
    ]
    reader = Reader(None, resolve_format('%h %l %u %t "%r" %>s %b'))
    given = explain("x", COMBINED.rsplit(' "-"', 1)[0].encode() + b"\n", reader)
    assert given is not None
    assert {"%h", "%u", "%t", "%r", "%>s", "%b"} <= {row.field for row in given.fields}


def test_nothing_is_claimed_of_a_column_that_no_line_fills() -> None:
    """A log without bytes is not said to have bytes of some kind."""
    line = b'{"time":"2026-10-10T13:55:36Z","ip":"192.0.2.1","method":"GET","path":"/a"}\n'
    found = explain("x", line, Reader(None))
    assert found is not None
    assert "its bytes are" not in to_text(found)
    assert "none of these lines has bytes" in to_text(found)
    assert json.loads(to_json(found))["bytes_mean"] is None


def test_what_is_a_guess_is_said_with_what_settles_it() -> None:
    """An open unit and an inferred layout are guesses, in text and in JSON."""
    lines = "".join(f"{COMBINED} {number}\n" for number in (4200, 5100, 9100))
    found = explain("x", lines.encode(), Reader(None))
    assert found is not None
    assert "a guess: unit of duration_s is taken as microseconds" in to_text(found)
    assert "--duration-unit" in json.loads(to_json(found))["guesses"][0]["settle"]
    inferred = explain("x", f"{COMBINED} one two\n".encode() * 3, Reader(None))
    assert inferred is not None
    assert "a guess: layout is taken as" in to_text(inferred)


def test_doubtful_lines_are_counted_apart() -> None:
    """Users with blanks are read, and said to be doubtful."""
    line = COMBINED.replace(" - - ", " - john doe ")
    found = explain("x", line.encode() + b"\n", Reader(None, resolve_format("combined")))
    assert found is not None
    assert (found.fitting, found.certain) == (1, 0)
    assert "1 of them are doubtful" in to_text(found)


def test_one_line_is_explained() -> None:
    """Each column has a row with its value; a reject shows the place and the nearest fit."""
    found = explain("line", COMBINED.encode() + b"\n", Reader(None), per_column=True)
    assert found is not None
    rows = {row.column: row.example for row in found.fields}
    assert rows["section"] == "/a"
    assert rows["status"] == "200"
    assert rows["user_agent"] == "curl/8"
    broken = b'{"time":"2026-10-10T13:55:36Z","method":"GET"\n'
    missed = explain("line", broken, Reader(None), per_column=True)
    assert missed is not None
    said = line_to_text(missed)
    assert said.startswith("no hit; nearest is ")
    # A broken object is near to formats of objects, however far others read it.
    assert missed.log_format.layout.value == "json"
    assert "column" in said


def test_a_format_of_the_same_layout_is_nearer() -> None:
    """Of a broken object a format of objects is near, however far another one reads it."""
    line = b'{"a":1'
    far = Fit(resolve_format("combined"), 1, 0, 0, 0, (Reject(1, 90, "x", line),))
    near = Fit(resolve_format("json"), 1, 0, 0, 0, (Reject(1, 2, "x", line),))
    assert nearness(near, line) > nearness(far, line)


def test_the_command_explains_a_line() -> None:
    """``detect --line`` takes a line or ``-``; a line that is no hit makes the exit code 3."""
    good = run("detect", "--line", COMBINED)
    assert good.returncode == 0
    assert "/a" in good.stdout
    header = "#Fields: date time c-ip cs-method cs-uri-stem sc-status\n"
    piped = run("detect", "--line", "-", text=f"{header}2026-10-10 13:55:36 192.0.2.1 GET /a 200\n")
    assert "c-ip" in piped.stdout
    bad = run("detect", "--line", "nothing of a log", "--output-format", "jsonl")
    assert bad.returncode == 3
    assert json.loads(bad.stdout)["misfits"][0]["reason"]
    assert run("detect", "--line", "x", "a.log").returncode == 2
    hostile = run("detect", "--line", "192.0.2.1 \x1b[31m - [x")
    assert "\x1b" not in hostile.stdout


def test_a_format_is_enough_when_some_lines_are_beyond_doubt() -> None:
    """Notices among the lines are no votes; a generic format needs half of the lines."""
    notices = b"Proxy public started.\n" * 9
    fits = detect(notices + COMBINED.encode() + b"\n")
    assert fits[0].is_enough
    assert fits[0].log_format.name == "apache-combined"
    loose = detect(notices + b"a=1 time=2026-10-10T13:55:36Z status=200\n")
    assert not loose[0].is_enough
