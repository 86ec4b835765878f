"""The known formats: those shipped, and what is added to them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pkgutil import get_data

from hitwatch.errors import FormatError, did_you_mean
from hitwatch.formats.format import Format
from hitwatch.formats.shelf import COMPILED, FormatStore, Shelves, load


@cache
def _shelves() -> Shelves:
    return load(get_data("hitwatch.formats", COMPILED) or b"")


@cache
def builtin() -> FormatStore:
    """The formats that lines are tried in: those shipped with hitwatch, and what was added."""
    return FormatStore(_shelves()["builtin"])


@cache
def name_only() -> FormatStore:
    """The formats that must be named: their lines look like another's and mean something else."""
    return FormatStore(_shelves()["named"])


def register_format(log_format: Format) -> None:
    """Make a format known beside the shipped ones; one of the same name takes its place."""
    builtin()[log_format.name] = log_format


def by_name(name: str) -> Format:
    """Look a format up by its name or an alias of it.

    Raises:
        FormatError: no format has that name.

    """
    for shelf in (builtin(), name_only()):
        if name.lower() in shelf:
            return shelf[name.lower()]
    formats = [*builtin().values(), *name_only().values()]
    for known in formats:
        if name.lower() in (known.name, *known.aliases):
            return known
    raise unknown_format(name, formats)


def unknown_format(
    name: str, formats: Sequence[Format], others: Sequence[str] = (), also: str = ""
) -> FormatError:
    """The error of a name that no format has.

    Args:
        name: as the user wrote it.
        formats: the known formats.
        others: further names that may have been meant.
        also: what may be written instead of a name.

    """
    names = sorted(known.name for known in formats)
    aliases = [alias for known in formats for alias in known.aliases]
    advice = did_you_mean(name.lower(), [*names, *aliases, *others])
    hint = f"{advice} known formats: {', '.join(names)}{also}"
    return FormatError(f"unknown log format {name!r}", hint=hint.lstrip())
