"""The known formats, loaded from their files."""

from __future__ import annotations

import difflib
from functools import cache
from importlib.resources import files

from hitwatch.errors import FormatError
from hitwatch.hits.format import Format, read_format


@cache
def builtin() -> dict[str, Format]:
    """The known formats by name: those shipped with hitwatch, and what was added.

    Raises:
        FormatError: a format file is wrong.

    """
    folder = files("hitwatch.hits") / "builtin"
    texts = {item.name: item.read_text("utf-8") for item in folder.iterdir()}
    formats = [
        read_format(text, where=name) for name, text in sorted(texts.items()) if ".toml" in name
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
    for known in builtin().values():
        if name.lower() in (known.name, *known.aliases):
            return known
    names = [name for known in builtin().values() for name in (known.name, *known.aliases)]
    near = difflib.get_close_matches(name.lower(), names, n=1)
    meant = f"did you mean {near[0]}? " if near else ""
    raise FormatError(
        f"unknown log format {name!r}",
        hint=f"{meant}known formats: {', '.join(sorted(builtin()))}",
    )
