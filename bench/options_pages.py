"""Writes the tables of options anew: of flags, of settings, and of arguments in Python.

Use: ``.venv/bin/python bench/options_pages.py``; with ``--check`` it only says whether they are
as they should be.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from hitwatch.cli import commands
from hitwatch.cli.flags import groups_of, help_of
from hitwatch.config import keyword_fields, setting_fields
from hitwatch.options.fields import Field, Group, fields_of
from hitwatch.options.groups import Options, ParseOptions, ReportOptions
from hitwatch.options.shared import FilterOptions, PrivacyOptions, ReadOptions, RuleOptions

DOCS = Path(__file__).parents[1] / "docs"
PAGES = ("commands.md", "settings.md", "python.md")
_TABLE = re.compile(
    r"(<!-- (options|settings|arguments)(?:: (\w+))?; made by `make docs` -->\n).*?(<!-- end -->)",
    re.DOTALL,
)
_ARGUMENTS: dict[str, tuple[type[Group], ...]] = {
    "both": (ReadOptions, FilterOptions, PrivacyOptions),
    "scan": (ParseOptions,),
    "report": (ReportOptions, RuleOptions),
}
"""Which arguments the tables in docs/python.md are of."""

GROUPS: dict[str, type[Group]] = {
    name: type(group)
    for name, group in ((f, getattr(Options(), f)) for f in Options.__struct_fields__)
}
"""The groups that tables of flags are of, by their name in ``Options``."""


def page(text: str) -> str:
    """A page with its tables as they should be.

    Args:
        text: the page as it is.

    """
    return _TABLE.sub(lambda found: f"{found[1]}{_table(found[2], found[3])}{found[4]}", text)


def _table(kind: str, name: str) -> str:
    if kind == "settings":
        lines = settings()
    elif kind == "options":
        lines = options(name)
    else:
        lines = arguments(keyword_fields(_ARGUMENTS[name]).values())
    return "".join(f"{line}\n" for line in lines)


def settings() -> Iterator[str]:
    """The table of what settings files and the environment may say."""
    yield "| key | environment | flag | type | default | meaning |"
    yield "|---|---|---|---|---|---|"
    for field in setting_fields().values():
        cells = (f"`{field.key}`", f"`{field.variable}`", _flags(field), _type(field))
        several = ", or a list" if field.kind.several else ""
        yield _row(*cells[:3], cells[3] + several, _default(field), field.about.help)


def options(name: str) -> Iterator[str]:
    """The table of the flags of a group, and which commands take them."""
    group = GROUPS[name]
    users = sorted(name for name, each in commands.commands.items() if group in groups_of(each))
    if len(users) > 1:
        yield f"Taken by {', '.join(f'`{user}`' for user in users)}."
        yield ""
    yield "| option | type | default | meaning |"
    yield "|---|---|---|---|"
    elsewhere = [
        f for base in group.__mro__[1:] if base in GROUPS.values() for f in fields_of(base)
    ]
    for field in fields_of(group):
        if field.flags and field not in elsewhere:
            told = help_of(field).partition(" [default")[0].removesuffix(".")
            yield _row(_flags(field, field.metavar), _type(field), _default(field), f"{told}.")


def arguments(fields: Iterable[Field]) -> Iterator[str]:
    """The table of some arguments in Python."""
    yield "| argument | type | default | meaning |"
    yield "|---|---|---|---|"
    for field in fields:
        default = repr(field.keyword_default)
        meant = field.about.keyword_default or field.default_text
        told = f"`None`: {meant}" if default == "None" and meant else ""
        default = "`b''`" if isinstance(field.default, bytes) else f"`{default}`"
        yield _row(
            f"`{field.name}`",
            f"`{type_text(field.keyword_type)}`",
            told or default,
            field.about.help,
        )


def type_text(kind: Any) -> str:
    """A type as it is written in code."""
    text = kind.__name__ if isinstance(kind, type) and not hasattr(kind, "__args__") else str(kind)
    text = re.sub(r"typing\.Optional\[(.*)\]$", r"\1 | None", text)
    return re.sub(r"\b(?:typing|collections\.abc|datetime|os)\.(?=\w)", "", text).replace("'", '"')


def _flags(field: Field, metavar: str = "") -> str:
    words = [flag.replace("/", "`, `") for flag in field.flags]
    if metavar and not field.choices and field.metavar:
        words[-1] += f" {metavar}"
    return ", ".join(f"`{word}`" for word in words)


def _type(field: Field) -> str:
    if field.choices:
        return ", ".join(f"`{choice}`" for choice in field.choices)
    return field.kind.name


def _default(field: Field) -> str:
    text = field.default_text
    return text if field.about.default or not text else f"`{text}`"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def main() -> int:
    """Write the pages; with ``--check`` end with 1 where they are not as they should be."""
    stale = []
    for name in PAGES:
        path = DOCS / name
        text = path.read_text("utf-8")
        if (made := page(text)) == text:
            continue
        stale.append(name)
        if "--check" not in sys.argv[1:]:
            path.write_text(made, "utf-8")
    if stale and "--check" in sys.argv[1:]:
        print(f"not up to date: {', '.join(stale)}; run make docs", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
