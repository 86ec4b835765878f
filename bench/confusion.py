"""Prints which format lines are recognised as: one line at a time, and as a whole.

Without arguments the lines are the samples of every format, and the table, which
docs/formats.md has, lists those that are recognised as another format. A sample whose values
come out otherwise than its format file says is counted as wrong. Logs that are given as
arguments follow, each by the format of the whole.

Use: ``.venv/bin/python bench/confusion.py [LOG]...``.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from hitwatch.errors import FormatError
from hitwatch.formats.format import Format
from hitwatch.formats.registry import builtin
from hitwatch.hits.reader import Reader
from hitwatch.hits.samples import check_sample
from hitwatch.run.inputs import head_of

_LINES = 200
"""How many lines of a log are tried one by one."""


def recognised(lines: bytes) -> Format | None:
    """The format that lines are recognised as."""
    reader = Reader(None)
    reader.recognise(lines)
    return reader.log_format


def named(log_format: Format | None) -> str:
    """The name of a format, or that there is none."""
    return log_format.name if log_format else "unknown"


def of_samples(formats: Iterable[Format]) -> Iterator[str]:
    """A row for each format with a sample that is recognised as another, and a summary.

    Args:
        formats: whose samples are tried.

    """
    yield "| samples of | as a whole | one at a time |"
    yield "|---|---|---|"
    count, right, wrong, tried = 0, 0, [], 0
    for log_format in sorted(formats, key=lambda known: known.name):
        count += 1
        taken = Counter[str]()
        for sample in log_format.samples:
            found = recognised(sample.line.encode() + b"\n")
            taken[named(found)] += 1
            if found is not None and found.name != log_format.name:
                try:
                    check_sample(found, sample)
                except FormatError:
                    wrong.append(f"{log_format.name} as {found.name}")
        whole = named(recognised("".join(f"{s.line}\n" for s in log_format.samples).encode()))
        tried += taken.total()
        right += taken[log_format.name]
        if whole != log_format.name or len(taken) > 1:
            words = ", ".join(f"{known} {times}" for known, times in taken.most_common())
            yield f"| {log_format.name} | {whole} | {words} |"
    yield ""
    yield f"{count} formats, {tried} samples: {right} are recognised as their own format,"
    yield f"{tried - right} as another, of which {len(wrong)} lose or change a value"
    yield f"({', '.join(wrong)})." if wrong else "(none)."


def of_logs(paths: Iterable[str]) -> Iterator[str]:
    """A row for each log, by the format of the whole.

    Args:
        paths: of logs, compressed ones too; the first lines count.

    """
    yield "\n| log | as a whole | lines that are recognised as another |"
    yield "|---|---|---|"
    for path in paths:
        head = head_of(path)
        reader = Reader(None)
        reader.recognise(head)
        whole = named(reader.log_format)
        taken = Counter[str]()
        for line in islice(reader.unwrap(head).splitlines(keepends=True), _LINES):
            if line.strip():
                taken[named(recognised(line))] += 1
        others = [f"{known} {count}" for known, count in taken.most_common() if known != whole]
        yield f"| {path} | {whole} | {', '.join(others)} |"


def main() -> None:
    """Print the tables."""
    print("\n".join(of_samples(builtin().values())))
    if len(sys.argv) > 1:
        print("\n".join(of_logs(sys.argv[1:])))


if __name__ == "__main__":
    main()
