"""The cut law: bytes cut anywhere give the same hits, and every line is accounted for."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from hitwatch.follow.splitter import Splitter
from hitwatch.formats.registry import builtin, by_name
from hitwatch.hits.parser import Parser

GOOD = [
    line.encode()
    for known in builtin().values()
    for sample in known.samples
    for line in sample.line.splitlines()
]
LINES = st.one_of(
    st.sampled_from(GOOD),
    st.binary(max_size=60).map(lambda line: line.replace(b"\n", b"")),
    st.sampled_from(GOOD).flatmap(
        lambda line: st.integers(0, len(line)).map(lambda cut: line[:cut])
    ),
)


@given(st.lists(LINES, max_size=12), st.lists(st.integers(1, 40), max_size=40), st.booleans())
def test_cuts(lines: list[bytes], cuts: list[int], ended: bool) -> None:
    """Whatever the reads were, the same lines come out, in order."""
    data = b"\n".join(lines) + (b"\n" if ended and lines else b"")
    splitter, given_back, at = Splitter(), [], 0
    for cut in cuts:
        given_back.append(splitter.feed(data[at : at + cut]))
        at += cut
    given_back += [splitter.feed(data[at:]), splitter.flush()]
    whole = b"".join(given_back)
    bare = [re.sub(rb"\A(\0|\xef\xbb\xbf)+", b"", line) for line in data.split(b"\n")]
    assert whole == b"\n".join(bare) + (b"\n" if bare[-1] else b"")
    nuls = data.count(b"\0") - whole.count(b"\0")
    assert (splitter.skipped.size, splitter.at) == (nuls, len(data))
    assert splitter.lines == whole.count(b"\n")
    assert all(piece.endswith(b"\n") for piece in given_back if piece)


def is_directive(line: bytes, name: str) -> bool:
    """Whether a line says something about the log's lines and is none of them."""
    return line.startswith(tuple(start.encode() for start in by_name(name).directives))


@given(st.lists(LINES, max_size=12), st.sampled_from(sorted(builtin())))
def test_balance(lines: list[bytes], name: str) -> None:
    """Every line is a hit or a reject, of any bytes and in any format."""
    data = b"".join(line + b"\n" for line in lines)
    hits = Parser(by_name(name), line_numbers=True).parse(data, keep_rejects=100)
    assert hits.lines + hits.directives == len(lines)
    assert hits.lines == len(hits) + hits.rejected
    numbers = hits.frame(["line_number"]).to_series().to_list()
    rejected = [reject.line_number for reject in hits.rejects]
    said = [n for n, line in enumerate(lines, 1) if not is_directive(line, name)]
    assert sorted(numbers + rejected) == said
    assert sum(hits.reasons.values()) == hits.rejected


@given(st.lists(LINES, max_size=10), st.integers(0, 10))
def test_batches(lines: list[bytes], cut: int) -> None:
    """Parsing lines in two batches gives the rows of parsing them in one."""
    parser = Parser(by_name("apache-combined"))
    whole = parser.parse(b"".join(line + b"\n" for line in lines)).frame()
    first, second = (
        parser.parse(b"".join(line + b"\n" for line in part)).frame()
        for part in (lines[:cut], lines[cut:])
    )
    assert first.vstack(second).equals(whole)
