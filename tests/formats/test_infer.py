"""Layouts that nobody described: what is told of them, and what stays a reject."""

from __future__ import annotations

import pytest

from hitwatch.formats.inference.infer import infer
from hitwatch.hits.parser import Parser

START = '192.0.2.1 - - [10/Oct/2026:13:55:36 +0000] "GET /a HTTP/1.1"'


def test_lines_written_into_each_other_have_no_layout() -> None:
    """Two lines torn into each other are damage, however many there are."""
    torn = f'{START} 200 5 "-" "curl{START} 200 5 "-" "curl/8"\n'
    assert infer(torn.encode() * 9) is None


@pytest.mark.parametrize(
    "line",
    [
        "nothing of a log",
        f"{START} OK 5",
        '192.0.2.1 - - "GET /a HTTP/1.1" 200 5',
        'word - - [10/Oct/2026:13:55:36 +0000] "GET /a HTTP/1.1" 200 5',
        "a|b|c|d|e|f|g",
        "192.0.2.1|x|y|z|200|5",
        "2026/10/10 13:55:36 [error] 9#9: *6 [client 192.0.2.1] denied with code 403 (phase 2)."
        ' request: "GET /a HTTP/1.1"',
        '2026/10/10 13:55:36 [error] 9#9: *6 no, client: 192.0.2.1, request: "GET /a HTTP/1.1"',
        '2026-10-10T13:55:36Z 192.0.2.1 "GET /a HTTP/1.1" 10.0.0.9 200 x 404 y 500',
        "2026-10-10 13:55:36 W3SVC1 10.0.0.5 GET /a - 80 - 192.0.2.1 HTTP/1.1 curl - 304 0 0 344",
    ],
)
def test_what_tells_no_client_time_request_and_status_has_none(line: str) -> None:
    """Without these, nothing is beyond doubt."""
    assert infer(f"{line}\n".encode() * 5) is None


def test_a_word_more_on_one_line_is_no_layout() -> None:
    """It may as well be the second of a name."""
    line = START.replace("- -", "- 123 ann")
    assert infer(f"{line} 200 5\n".encode()) is None
    assert infer(f"{line} 200 5\n".encode() * 3) is not None


def test_a_name_of_two_words_is_one_name() -> None:
    """A user with a blank on every line is no unknown value and a user."""
    assert infer(f"{START.replace('- -', '- john doe')} 200 5\n".encode() * 9) is None
    mixed = [START.replace("- -", f"- DE {user}") for user in ("ann", "-", "bob")]
    assert infer("".join(f"{line} 200 5\n" for line in mixed).encode()) is not None


def test_text_of_clients_cannot_change_the_layout() -> None:
    """Braces and names of fields in a log are text of it."""
    lines = f'{START} 200 5 "-" "{{client}} {{status}}" {{x}} k={{user}}\n'.encode() * 3
    found = infer(lines)
    assert found is not None
    hits = Parser(found).parse(lines)
    assert len(hits) == 3
    assert hits.frame()["user_agent"][0] == "{client} {status}"
    assert hits.frame()["extra_1"][0] == "{x}"
