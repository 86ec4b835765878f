"""Prints which format each format's own sample lines are recognised as, as docs/formats.md has it.

Use: ``.venv/bin/python bench/confusion.py``.
"""

from __future__ import annotations

from collections import Counter

from hitwatch.hits.formats import builtin
from hitwatch.hits.reader import Reader


def main() -> None:
    """Print a table: one row a format, the formats that its samples are taken for."""
    print("| samples of | recognised as |\n|---|---|")
    for name, log_format in sorted(builtin().items()):
        taken = Counter[str]()
        for sample in log_format.samples:
            reader = Reader(None)
            reader.recognise(sample.line.encode() + b"\n")
            taken[reader.log_format.name if reader.log_format else "unknown"] += 1
        words = ", ".join(f"{known} {count}" for known, count in taken.most_common())
        print(f"| {name} | {words} |")


if __name__ == "__main__":
    main()
