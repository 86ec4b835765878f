"""Writes the tables of docs/formats.md anew: of all formats, and of samples taken for others.

Use: ``.venv/bin/python bench/formats_page.py``; with ``--check`` it only says whether they are
as they should be.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from confusion import of_samples

from hitwatch.formats.registry import builtin, name_only
from hitwatch.render.catalogue import formats_to_markdown

PAGE = Path(__file__).parents[1] / "docs" / "formats.md"
_TABLE = re.compile(r"(<!-- (\w+): [^\n]*-->\n).*?(<!-- end -->)", re.DOTALL)


def page(text: str) -> str:
    """The page with its tables as they should be.

    Args:
        text: the page as it is.

    """
    shipped = list(builtin().values())
    tables = {
        "formats": formats_to_markdown([*shipped, *name_only().values()]),
        "confusion": "\n".join(of_samples(shipped)) + "\n",
    }
    return _TABLE.sub(lambda found: f"{found[1]}{tables[found[2]]}{found[3]}", text)


def main() -> int:
    """Write the page; with ``--check`` end with 1 where it is not as it should be."""
    text = PAGE.read_text("utf-8")
    made = page(text)
    if "--check" in sys.argv[1:]:
        if made != text:
            print(f"{PAGE.name} is not up to date: run bench/formats_page.py", file=sys.stderr)
        return int(made != text)
    PAGE.write_text(made, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
