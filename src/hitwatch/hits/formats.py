"""The known formats, loaded from their files."""

from __future__ import annotations

import difflib
from functools import cache
from importlib.resources import files

from hitwatch.errors import FormatError
from hitwatch.hits.format import Format, read_format


@cache
def builtin() -> dict[str, Format]:
    """The formats that lines are tried in: those shipped with hitwatch, and what was added.

    Raises:
        FormatError: a format file is wrong.

    """
    return _loaded("builtin")


@cache
def named() -> dict[str, Format]:
    """The formats that only their names tell: they look like another, and mean something else.

    Raises:
        FormatError: a format file is wrong.

    """
    return _loaded("builtin", "named")


def _loaded(*folders: str) -> dict[str, Format]:
    folder = files("hitwatch.hits").joinpath(*folders)
    texts = {item.name: item for item in folder.iterdir() if item.name.endswith(".toml")}
    formats = [
        read_format(item.read_text("utf-8"), where=name) for name, item in sorted(texts.items())
    ]
    return {known.name: known for known in formats}


def add(log_format: Format) -> None:
    """Make a format known beside the shipped ones; one of the same name takes its place."""
    builtin()[log_format.name] = log_format


def by_name(name: str) -> Format:
    """Look a format up by its name or an alias of it.

    Raises:
        FormatError: no format has that name.

    """
    known_formats = [*builtin().values(), *named().values()]
    for known in known_formats:
        if name.lower() in (known.name, *known.aliases):
            return known
    names = [name for known in known_formats for name in (known.name, *known.aliases)]
    near = difflib.get_close_matches(name.lower(), names, n=1)
    meant = f"did you mean {near[0]}? " if near else ""
    raise FormatError(
        f"unknown log format {name!r}",
        hint=f"{meant}known formats: {', '.join(sorted(known.name for known in known_formats))}",
    )
