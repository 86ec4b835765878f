"""What is around lines: every envelope of the table, envelopes in each other, hostile lines."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitwatch import _kernel
from hitwatch.formats.registry import by_name
from hitwatch.hits.envelopes import FRAMES, Frame, drop_notices, unwrap
from hitwatch.hits.reader import Reader

COMMON = '192.0.2.7 - - [10/Oct/2026:13:55:36 +0000] "GET /a/{} HTTP/1.1" 200 5'
OBJECT = '{{"time":"2026-10-10T13:55:3{0}Z","ip":"192.0.2.7","path":"/a/{0}","status":200}}'
NAMED = {frame.name: frame for frame in FRAMES}


def paths(reader: Reader, *reads: str) -> list[object]:
    """The paths of all hits, after the input has ended."""
    found = [hits for data in reads for hits in reader.read(data.encode())] + reader.finish()
    return [row["path"] for hits in found for row in hits.frame().rows(named=True)]


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.name)
def test_every_row_does_what_its_example_says(frame: Frame) -> None:
    """The example carries the line that the row says, and its source is an address."""
    assert unwrap((frame,), frame.example.encode()) == frame.payload.encode() + b"\n"
    assert unwrap((frame,), frame.payload.encode()) == frame.payload.encode() + b"\n"
    assert frame.source.startswith("https://")


HEADS = {
    "rsyslog file format": "2026-10-10T13:55:36.123456+00:00 web1 nginx[17]: {}",
    "tag without pid": "Oct 10 13:55:36 web1 nginx: {}",
    "no host": "Oct 10 13:55:36 nginx[17]: {}",
    "facility and level": "Oct  1 13:55:36 web1 local0.info nginx[17]: {}",
    "tag with a slash": "Oct 10 13:55:36 web1 docker/web/a1b2[17]: {}",
    "journalctl short-iso": "2026-10-10T13:55:36+0000 web1 nginx[17]: {}",
    "journalctl short-precise": "Oct 10 13:55:36.123456 web1 nginx[17]: {}",
    "journalctl short-full": "Sat 2026-10-10 13:55:36 UTC web1 nginx[17]: {}",
    "journalctl short-unix": "1791640536.123456 web1 nginx[17]: {}",
    "journalctl short-monotonic": "[  123.456789] web1 nginx[17]: {}",
    "journalctl with-unit": "Sat 2026-10-10 13:55:36 CEST web1 nginx.service[17]: {}",
    "heroku logs": "2026-10-10T13:55:36.123456+00:00 app[web.1]: {}",
    "Logplex": "83 <190>1 2026-10-10T13:55:36+00:00 host app web.1 - {}",
    "octets counted": "120 <190>1 2026-10-10T13:55:36Z web1 nginx 17 - - {}",
    "kubectl logs --timestamps": "2026-10-10T13:55:36.123456789Z {}",
    "docker compose logs": "web-1    | {}",
    "docker compose logs -t": "web_1  | 2026-10-10T13:55:36.123456789Z {}",
    "docker compose v1 in colours": "\x1b[36mweb_1  |\x1b[0m {}",
    "docker service logs": "web.1.abc123@node1    | {}",
    "foreman": "13:55:36 web.1   | {}",
    "pm2 logs": "0|www  | {}",
    "kubectl logs --prefix --timestamps": "[pod/web-7d4b9-x2x4z/nginx] 2026-10-10T13:55:36.1Z {}",
    "kubectl prefix over CRI": "[pod/web-0/nginx] 2026-10-10T13:55:36.1Z stderr F {}",
    "stern of all namespaces": "default web-7d4b9c6f5-x2x4z nginx {}",
    "stern with stamps": "web-7d4b9c6f5-x2x4z nginx 2026-10-10T13:55:36.1Z {}",
    "grep -H": "access.log.1:{}",
    "grep -rn": "./nginx/access.log:17:{}",
    "cat -n": "    17\t{}",
    "uvicorn's level": "INFO:     {}",
    "Python's basicConfig": "INFO:aiohttp.access:{}",
    "logger's name and level": "2026-10-10 13:55:36,123 - aiohttp.access - INFO - {}",
    "quotes in syslog": 'Oct 10 13:55:36 web1 httpd: "{}"',
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_heads_are_found_and_undone(head: str) -> None:
    """Whatever is before lines, alone or in each other, the lines are read as they stand inside."""
    reader = Reader(None)
    lines = [head.format(COMMON.format(number)) for number in range(4)]
    assert paths(reader, "\n".join(lines) + "\n") == [f"/a/{number}" for number in range(4)]
    assert reader.log_format is by_name("common")
    assert reader.envelope


BARE = (
    COMMON,
    "www.example.com:80 " + COMMON,
    "www.example.com " + COMMON,
    "2001:db8::7" + COMMON[9:],
)


@pytest.mark.parametrize("line", BARE)
def test_plain_lines_have_nothing_around_them(line: str) -> None:
    """A host, a host with a port or an address at the beginning is no file, pod or stamp."""
    reader = Reader(None)
    reader.recognise("".join(line.format(number) + "\n" for number in range(4)).encode())
    assert reader.framing == ()


def test_a_head_gives_its_time_to_lines_without_one() -> None:
    """The head's time is taken where objects have none; where they have one, theirs counts."""
    bare = '2026-10-10 13:55:3{0}\t{1}{{"ip":"192.0.2.7",{2}"path":"/a/{0}","status":200}}\n'
    for own, seconds in (("", [30, 31]), ('"ts":"2026-10-10T13:55:40Z",', [40, 40])):
        reader = Reader(None)
        lines = "".join(bare.format(number, "web.access\t", own) for number in range(2))
        found = reader.read(lines.encode())
        times = [row["time"] for hits in found for row in hits.frame().rows(named=True)]
        assert [time.second for time in times] == seconds


def test_line_numbers_are_no_part_of_an_address() -> None:
    """`2001:` may be a number that grep wrote, or the beginning of an address: it stays."""
    reader = Reader(None)
    line = "2001:db8:ff::7 - 192.0.2.9" + COMMON[13:]
    lines = "".join(line.format(number) + "\n" for number in range(4)).encode()
    found = [row["client"] for hits in reader.read(lines) for row in hits.frame().rows(named=True)]
    assert found == ["2001:db8:ff::7"] * 4


OBJECTS = {
    "several on a line": "{}{}\n{}",
    "an array on a line": "[{},{},{}]\n",
    "an array over lines": "[\n{},\n{},\n{}\n]\n",
    "in an object": '{{"messageType":"x","logEvents":[{},{},{}]}}\n',
}


@pytest.mark.parametrize("written", OBJECTS.values(), ids=OBJECTS)
@pytest.mark.parametrize("indent", [None, 2])
def test_every_object_is_a_line(written: str, indent: int | None) -> None:
    """Objects are lines of the balance, however they are written, and numbered one by one."""
    objects = [json.dumps(json.loads(OBJECT.format(n)), indent=indent) for n in range(3)]
    reader = Reader(None, line_numbers=True)
    found = [*reader.read(written.format(*objects).encode()), *reader.finish()]
    rows = [row for hits in found for row in hits.frame().rows(named=True)]
    assert [row["path"] for row in rows] == ["/a/0", "/a/1", "/a/2"]
    assert [row["line_number"] for row in rows] == [1, 2, 3]
    assert sum(hits.lines for hits in found) == 3


@given(st.data())
def test_cuts_change_nothing(data: st.DataObject) -> None:
    """However lines come in, the same come out: whole files and live logs are read alike."""
    names = ["cri", "docker", "json", "records", "records-in-object", "quotes"]
    frame = NAMED[data.draw(st.sampled_from(names))]
    word = st.sampled_from(
        [
            '{"a":1}',
            '{"log":"x"}',
            '{"log":"y\\n"}',
            "[",
            "]",
            ",",
            "{",
            "}",
            '"',
            "\\",
            "\n",
            "a b",
            "2026-10-10T13:55:36Z stdout P x\n",
            "2026-10-10T13:55:36Z stdout F y\n",
            '{"logEvents":[{"b":[{}]},',
        ]
    )
    lines = "".join(data.draw(st.lists(word, max_size=30))).encode().splitlines(keepends=True)
    undoing = _kernel.Unframer([frame.compiled])
    found = b"".join(undoing.feed(line) for line in lines) + undoing.finish()
    assert found == unwrap((frame,), b"".join(lines))


def test_what_is_held_is_read_when_the_input_ends() -> None:
    """A part whose rest never comes is a line of the balance all the same."""
    reader = Reader(None)
    stamp = "2026-10-10T13:55:36.1Z stdout"
    read = f"{stamp} F {COMMON.format(1)}\n{stamp} P {COMMON.format(2)}\n"
    assert paths(reader, read) == ["/a/1", "/a/2"]


def test_heads_between_lines_have_no_vote() -> None:
    """Heads of tail and blank lines are lines and rejects, and speak for no format."""
    log = "".join(f"==> /var/log/{n}.log <==\n{COMMON.format(n)}\n\n" for n in range(3))
    reader = Reader(None)
    (hits,) = reader.read(log.encode())
    assert (hits.lines, len(hits), hits.rejected) == (9, 3, 6)
    assert drop_notices(b"==> a <==\n-- Reboot --\nx ==> a <==\n\n") == b"x ==> a <==\n"


HOSTILE = (
    "Oct 10 13:55:36 web1 nginx: ",
    "2026-10-10T13:55:36Z stdout F ",
    "web-1  | ",
    "access.log:",
    "{log:x}",
    "INFO:     ",
)


@pytest.mark.parametrize("said", HOSTILE)
def test_a_client_cannot_make_a_line_look_carried(said: str) -> None:
    """What a client sends stands inside the line: it is neither taken off nor hides the line."""
    plain = [COMMON.format(n) for n in range(3)]
    hostile = COMMON.format(said)
    for around in ("{}", "Oct 10 13:55:36 web1 httpd: {}"):
        reader = Reader(None)
        log = "".join(around.format(line) + "\n" for line in [*plain, hostile])
        assert paths(reader, log)[3] == f"/a/{said}".partition("?")[0]


def test_a_torn_object_takes_no_other_with_it() -> None:
    """After an object that never ends, or a quote that was not escaped, the next is read."""
    good = [OBJECT.format(n) for n in range(3)]
    log = f'[\n{good[0]},\n{{"ua":"x" y{{,\n{good[1]},\n{{"ua":"torn\n{good[2]}\n]\n'
    assert paths(Reader(None), log) == ["/a/0", "/a/1", "/a/2"]


def test_no_line_takes_long() -> None:
    """The time an envelope takes grows with the line alone, whatever the line is."""
    frames = tuple(FRAMES)
    for unit in (b"a", b" ", b"[", b'"', b"\\", b"<1>", b"a-", b"1 ", b"a:", b"\x1b[0m", b"{"):
        line = b"Oct 10 13:55:36 " + unit * (1_000_000 // len(unit)) + b"\n"
        for frame in frames:
            began = time.perf_counter()
            unwrap((frame,), line)
            assert time.perf_counter() - began < 1.0, (frame.name, unit)
