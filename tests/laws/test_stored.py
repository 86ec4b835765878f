"""The law of bytes: a tally that is written and read back says the same, and damage is refused."""

from __future__ import annotations

import subprocess
import sys
from functools import cache

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.laws.test_merge import AGENTS, HITS, PANELS, Hit, line, said, tally_of

from hitwatch.errors import TallyError
from hitwatch.formats.registry import by_name
from hitwatch.hits.parser import Parser
from hitwatch.instants import HOUR
from hitwatch.stats.breakdown import MEMORY, Budget
from hitwatch.stats.hit_batch import HitBatches
from hitwatch.stats.panels import panels
from hitwatch.tally import VERSION, Tally, _checksum

LARGE = 4 * MEMORY
HEADER = 21


def sealed(body: bytes, version: int = VERSION) -> bytes:
    """A body behind a header that is right."""
    checksum = _checksum(version, body).to_bytes(4, "little")
    return b"hitwatch" + bytes([version]) + checksum + len(body).to_bytes(8, "little") + body


def why_not(data: bytes) -> str:
    """What is said of bytes that are refused."""
    with pytest.raises(TallyError) as found:
        Tally.from_bytes(data, PANELS)
    return str(found.value)


@cache
def crowded(seed: int) -> bytes:
    """Lines of many paths and clients, of which some have many visitors."""
    hits = [
        (
            seed + number // 40,
            number % 9 + 1,
            f"/{'hot' if number % 3 else number * seed}/{number % 5}",
            (200, 404, 500)[number % 3],
            number * 7919 % 100_000,
            AGENTS[number % 3] if number % 2 else f"agent {number}",
            number % 9999,
        )
        for number in range(30_000)
    ]
    return b"".join(map(line, hits))


@cache
def small() -> bytes:
    """The bytes of a tally of few hits."""
    hits = [(n, n % 3, f"/{n % 4}", 200 + n % 2 * 204, n, AGENTS[n % 3], n) for n in range(1, 13)]
    return tally_of([line(hit) for hit in hits]).to_bytes()


@given(HITS)
def test_what_is_written_is_read_back(hits: list[Hit]) -> None:
    """Every figure comes back, whatever order panels are in, and is written the same again."""
    tally = tally_of([line(hit) for hit in hits])
    data = tally.to_bytes()
    found = Tally.from_bytes(data, reversed(PANELS))
    assert said(found) == said(tally)
    assert found.to_bytes() == data


@given(HITS, HITS)
def test_merging_through_bytes_is_merging(first: list[Hit], second: list[Hit]) -> None:
    """What is merged may come from bytes, and go through them."""
    one, two = (tally_of([line(hit) for hit in hits]) for hits in (first, second))
    merged = Tally.from_bytes(one.to_bytes(), PANELS)
    merged.merge(Tally.from_bytes(two.to_bytes(), PANELS))
    one.merge(two)
    assert said(merged) == said(one)
    assert merged.to_bytes() == one.to_bytes()


@pytest.mark.parametrize("memory", [MEMORY, 6 << 20, 3 << 20])
def test_estimates_are_written_too(memory: int) -> None:
    """What gave way, how much any key may lack, and estimates of any size come back."""
    tally = tally_of([crowded(seed) for seed in (1, 2)], memory)
    tally.merge(tally_of([crowded(3)], memory))
    data = tally.to_bytes()
    found = Tally.from_bytes(data, PANELS, Budget(memory))
    assert said(found) == said(tally)
    assert found.to_bytes() == data
    paths = next(panel for panel in PANELS if panel.name == "paths")
    rows, bounds = found.counts.rows(paths, "hits", None)
    gave_way = memory < MEMORY
    assert bounds.visitors_error > 0
    assert (bounds.hits_error > 0, bounds.left_out_hits > 0) == (gave_way, gave_way)
    assert sum(row.hits for row in rows) == found.balance.hits == tally.balance.hits
    # Where nothing need give way, merging goes through bytes as well.
    whole, through = tally_of([crowded(4)], LARGE), tally_of([crowded(4)], LARGE)
    whole.merge(tally)
    through.merge(found)
    assert said(through) == said(whole)


def test_a_tally_is_held_to_the_memory_it_is_read_into() -> None:
    """Keys give way while they are read, no hit is lost, and labels have theirs."""
    tally = tally_of([crowded(1), crowded(2)])
    found = Tally.from_bytes(tally.to_bytes(), PANELS, Budget(3 << 20))
    # Of what was evicted of paths nobody knows which were pages.
    for panel in (panel for panel in PANELS if panel.only is None):
        wanted, _ = tally.counts.rows(panel, "hits", None)
        rows, _ = found.counts.rows(panel, "hits", None)
        assert sum(row.hits for row in rows) == sum(row.hits for row in wanted), panel.name
    assert len(found.to_bytes()) < len(tally.to_bytes()) / 2


def test_what_has_yet_to_give_way_does_so_before_it_is_written() -> None:
    """Upstreams fill the memory; then lines that have none need it, and no upstream comes."""
    at = line((1, 1, "/", 200, 1, AGENTS[0], 1))
    upstreams = [
        at.replace(b"192.0.2.80:", f"10.9.{n >> 8}.{n & 255}:".encode()) for n in range(5000)
    ]
    tally = tally_of(upstreams, 2 << 20)
    (panel,) = (panel for panel in PANELS if panel.name == "upstreams")
    assert tally.counts.rows(panel, "hits", None)[1].left_out_hits == 0
    stamp = "10/Oct/2000:13:55:36 -0700"
    hits = Parser(by_name("common")).parse(
        "".join(
            f'c{n}.example - - [{stamp}] "GET / HTTP/1.0" 200 1\n' for n in range(5000)
        ).encode()
    )
    tally.absorb(hits, HitBatches().of(hits))
    assert tally.counts.rows(panel, "hits", None)[1].left_out_hits == 0
    data = tally.to_bytes()
    assert tally.counts.rows(panel, "hits", None)[1].left_out_hits > 0
    assert said(Tally.from_bytes(data, PANELS, Budget(2 << 20))) == said(tally)


def test_a_finished_tally_comes_back_finished() -> None:
    """What labels were given at the end is not given twice."""
    tally = tally_of([crowded(1)])
    tally.counts.finish()
    assert said(Tally.from_bytes(tally.to_bytes(), PANELS)) == said(tally)


def test_any_change_of_a_byte_any_cut_and_anything_more_is_refused() -> None:
    """All places of a small tally."""
    data = small()
    for place in range(len(data)):
        for change in (1, 0x80, 0xFF):
            changed = bytearray(data)
            changed[place] ^= change
            with pytest.raises(TallyError):
                Tally.from_bytes(bytes(changed), PANELS)
        with pytest.raises(TallyError):
            Tally.from_bytes(data[:place], PANELS)
    for byte in range(256):
        assert "in place of" in why_not(data + bytes([byte]))


@given(st.data())
def test_any_damage_is_refused(data: st.DataObject) -> None:
    """Bytes put in, left out, or changed anywhere."""
    written = small()
    begin = data.draw(st.integers(0, len(written)))
    end = data.draw(st.integers(begin, min(len(written), begin + 50)))
    instead = data.draw(st.binary(max_size=50).filter(lambda b: b != written[begin:end]))
    assert "cannot read what was counted" in why_not(written[:begin] + instead + written[end:])


@given(st.binary(max_size=300))
def test_garbage_is_refused(garbage: bytes) -> None:
    """Alone, behind the magic, and behind a header that is right."""
    assert "no tally" in why_not(garbage)
    assert "cannot read" in why_not(b"hitwatch" + garbage)
    assert "damaged" in why_not(sealed(garbage))


def test_a_newer_version_is_named() -> None:
    """Whether or not the rest can be understood."""
    for data in (sealed(b"?", VERSION + 1), b"hitwatch" + bytes([VERSION + 1]) * 30):
        said = why_not(data)
        assert f"version {VERSION + 1}" in said
        assert "newer" in said


def test_an_older_version_is_named() -> None:
    """What it meant is not what the same bytes mean now."""
    said = why_not(sealed(b"?", VERSION - 1))
    assert f"version {VERSION - 1}" in said
    assert "newer" not in said


def test_other_panels_are_named() -> None:
    """What is lacking, what is too much, and what is counted otherwise."""
    data = tally_of([]).to_bytes()
    fewer = [panel for panel in PANELS if panel.name != "clients"]
    with pytest.raises(TallyError, match="also has clients"):
        Tally.from_bytes(data, fewer)
    with pytest.raises(TallyError, match="lacks clients"):
        Tally.from_bytes(Tally.of(fewer).to_bytes(), PANELS)
    with pytest.raises(TallyError, match="counts otherwise timeline"):
        Tally.from_bytes(data, panels(HOUR * 2))
    with pytest.raises(TallyError, match=r"counts otherwise .*not_found, pages, paths"):
        Tally.from_bytes(data, panels(collapse=True))


HOSTILE = """
import resource, sys
import msgspec
from tests.laws.test_stored import PANELS, Tally, TallyError, sealed, small
fields = msgspec.msgpack.decode(small()[21:])
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (256 << 20),) * 2)
huge = b"\\xff" * 9 + b"\\x01"
texts = [
    # No error, none gone; of what gave way no figures; then rows: so many.
    b"\\x00" * 11 + huge,
    # Visitors: so many hashes, so many registers. A key: so long.
    b"\\x00" * 8 + b"\\x00" + huge,
    b"\\x00" * 8 + b"\\x01\\x0e" + huge,
    b"\\x00" * 11 + b"\\x01\\x00" + huge + b"\\x00" * 20,
]
bodies = [
    msgspec.msgpack.encode([fields[0], [text] * len(fields[1]), *fields[2:]]) for text in texts
]
bodies += [b"\\xdd\\xff\\xff\\xff\\xff", b"\\xdf\\xff\\xff\\xff\\xff", b"\\xc6\\xff\\xff\\xff\\xff"]
bodies += [b"\\x9c\\x80\\xdd\\xff\\xff\\xff\\xff", b"\\x9c\\xdf\\xff\\xff\\xff\\xff"]
bodies += [b"\\x91" * 100_000]
for body in bodies:
    try:
        Tally.from_bytes(sealed(body), PANELS)
    except TallyError as error:
        print(error)
    else:
        sys.exit("it was read")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits address space")
def test_no_length_that_is_said_is_believed() -> None:
    """Lengths of nearly 2^64 are refused by a process that may take 256 MiB more."""
    ended = subprocess.run([sys.executable, "-c", HOSTILE], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("it is damaged") == 10


def test_few_bytes_take_little_memory() -> None:
    """Ten thousand keys that look as large as can be are held to the memory they are read into."""
    registers = b"\x01\x0e\x80\x01" + b"\x00\x04" * 128
    # A hit and no other sum, one kind of programs, no durations, no times.
    row = b"\x01" + b"\x00" * 4 + b"\x01\x00" + registers + b"\x00" * 4
    rows = b"".join(
        b"\x00" + bytes([5]) + f"{n:05}".encode() + b"\x00" + row for n in range(10_000)
    )
    text = b"\x00" * 2 + b"\x00" * 11 + b"\x90\x4e" + rows
    only = [panel for panel in PANELS if panel.name == "hosts"]
    body = msgspec.msgpack.decode(Tally.of(only).to_bytes()[HEADER:])
    found = Tally.from_bytes(
        sealed(msgspec.msgpack.encode([body[0], [text], *body[2:]])), only, Budget(1 << 20)
    )
    keys, exact = found.counts.distinct("host")
    assert not exact
    assert 9_500 < keys < 10_500
    assert len(found.to_bytes()) < 1 << 20


def test_figures_of_another_format_are_read() -> None:
    """A format without durations has none when it is read back."""
    hits = Parser(by_name("common")).parse(
        b'127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 2326\n'
    )
    tally = Tally.of(PANELS)
    tally.absorb(hits, HitBatches().of(hits))
    found = Tally.from_bytes(tally.to_bytes(), PANELS)
    assert said(found) == said(tally)
    assert not found.counts.durations()
