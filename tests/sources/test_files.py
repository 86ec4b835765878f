"""Whole files, plain and compressed, and files that cannot be read."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import tempfile
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from hitwatch.errors import InputError, UsageError
from hitwatch.sources.discovery import find_logs
from hitwatch.sources.files import read_file, read_head
from hitwatch.sources.plain import PlainFile

TEXT = b"".join(b"line %d\n" % number for number in range(100_000))


@pytest.mark.parametrize(
    "packed",
    [
        TEXT,
        gzip.compress(TEXT),
        gzip.compress(TEXT[:1000]) + gzip.compress(TEXT[1000:]),
        bz2.compress(TEXT),
        lzma.compress(TEXT),
        zstandard.compress(TEXT),
        zstandard.compress(TEXT[:1000]) + zstandard.compress(TEXT[1000:]),
        b"\xef\xbb\xbf" + TEXT,
        TEXT.decode().encode("utf-16"),
        TEXT[:-1],
    ],
    ids=["plain", "gz", "gz twice", "bz2", "xz", "zst", "zst twice", "mark", "utf-16", "no end"],
)
def test_contents(tmp_path: Path, packed: bytes) -> None:
    """However a file is packed, its lines come out whole and numbered."""
    path = tmp_path / "log"
    path.write_bytes(packed)
    chunks = list(read_file(str(path)))
    assert b"".join(chunk.data for chunk in chunks) == TEXT
    assert [chunk.first_line for chunk in chunks][:1] == [1]
    numbers = [1 + TEXT[: TEXT.index(chunk.data)].count(b"\n") for chunk in chunks]
    assert [chunk.first_line for chunk in chunks] == numbers
    assert TEXT.startswith(read_head(str(path)).lines)


def test_a_damaged_archive_gives_what_it_has(tmp_path: Path) -> None:
    """What could be read of a file cut short is given, then the error."""
    path = tmp_path / "log.gz"
    path.write_bytes(gzip.compress(TEXT * 20)[:-5000])
    found: list[int] = []
    with pytest.raises(InputError, match="damaged or cut short"):
        found.extend(len(chunk.data) for chunk in read_file(str(path)))
    assert sum(found) > 4_000_000


def test_what_cannot_be_read(tmp_path: Path) -> None:
    """Each says what, where and why."""
    binary = tmp_path / "binary"
    binary.write_bytes(bytes(range(256)) * 100)
    with pytest.raises(InputError, match="binary file"):
        read_head(str(binary))
    with pytest.raises(InputError, match=r"missing: no such file"):
        list(read_file(str(tmp_path / "missing")))
    with pytest.raises(InputError, match="Is a directory"):
        list(read_file(str(tmp_path)))


def test_places(tmp_path: Path) -> None:
    """Paths, globs and directories name logs; what names none is refused."""
    for name in ("access.log", "access.log.1", "access.log.2.gz", "error.log", "notes.txt"):
        (tmp_path / name).write_text("")
    (tmp_path / "empty").mkdir()
    everything = find_logs((str(tmp_path),), live=False)
    assert [Path(p).name for p in everything] == ["access.log", "access.log.1", "access.log.2.gz"]
    assert [Path(p).name for p in find_logs((str(tmp_path),), live=True)] == ["access.log"]
    both = find_logs((f"{tmp_path}/access.log*", str(tmp_path / "access.log")), live=False)
    assert both == everything
    assert find_logs((f"{tmp_path}/new.log",), live=True) == [f"{tmp_path}/new.log"]
    for word, message in (
        (str(tmp_path / "empty"), "no access logs in this directory"),
        (f"{tmp_path}/*.csv", "no file matches"),
    ):
        with pytest.raises(InputError, match=message):
            find_logs((word,), live=False)
    missing = str(tmp_path / "missing")
    assert find_logs((missing,), live=False) == [missing]
    with pytest.raises(InputError, match="no such file"):
        read_head(missing)
    with pytest.raises(UsageError, match="cannot be combined"):
        find_logs(("-", "x"), live=True)


@given(
    lines=st.lists(st.binary(max_size=300).map(lambda b: b.replace(b"\n", b"")), max_size=40),
    size=st.integers(1, 2000),
    ended=st.booleans(),
)
def test_spans_cover_a_file_line_by_line(lines: list[bytes], size: int, ended: bool) -> None:
    """Whatever the size of the spans, they join up to the file, and each ends with a line."""
    text = b"\n".join(lines) + (b"\n" if ended else b"")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        path.write_bytes(text)
        with PlainFile(str(path)) as file:
            parts = [span.read() for span in file.spans(size)]
        read = b"".join(chunk.data for chunk in read_file(str(path)))
    assert b"".join(parts).removesuffix(b"\n") == read.removesuffix(b"\n")
    assert read.removesuffix(b"\n") == b"\n".join(
        re.sub(rb"\A(\0|\xef\xbb\xbf)+", b"", line)
        for line in text.removesuffix(b"\n").split(b"\n")
    )
    assert all(part.endswith(b"\n") for part in parts[:-1] if part)


def test_a_line_without_end_is_cut_and_not_held(tmp_path: Path) -> None:
    """Behind a line of 40 MB the file goes on as lines; the line is one, and shorter."""
    path = tmp_path / "log"
    path.write_bytes(b"a\nb\n" + b"x" * 40_000_000 + b"\nc\n")
    with PlainFile(str(path)) as file:
        parts = b"".join(piece.read() for piece in file.spans(1 << 20))
    lines = parts.splitlines()
    assert (lines[0], lines[1], lines[-1], len(lines)) == (b"a", b"b", b"c", 4)
    assert len(lines[2]) < 22_000_000


def test_what_is_not_plain_says_so(tmp_path: Path) -> None:
    """Compressed and UTF-16 files cannot be read in parts."""
    path = tmp_path / "log"
    for content, plain in (
        (b"a\n", True),
        (b"", True),
        (gzip.compress(b"a\n"), False),
        (bz2.compress(b"a\n"), False),
        ("a\n".encode("utf-16"), False),
    ):
        path.write_bytes(content)
        with PlainFile(str(path)) as file:
            assert file.is_plain is plain
