"""Formats as they are shipped: many TOML files, compiled to one file of JSON.

``builtin.json`` is written by ``make formats``. From it the outlines of all formats are read at
once, and a format when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from functools import cache
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from hitwatch.formats.format import Format, Layout, Line

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

COMPILED = "builtin.json"


class Outline(Struct, frozen=True, omit_defaults=True):
    """What lines of a format look like.

    Attributes:
        layout: how their values are laid out.
        literals: of each way to write one the texts that stand in it, in their order; none where
            identifying them takes a closer look.
        identifying_keys: names of which some must stand on a line.
        normalized_keys: whether names are compared without case and punctuation.
        widespread: whether so many logs are in it that it is tried before others.

    """

    layout: Layout
    literals: tuple[tuple[str, ...], ...] = ()
    identifying_keys: tuple[str, ...] = ()
    normalized_keys: bool = False
    widespread: bool = False


class Compiled(Struct, frozen=True):
    """A format that is read when it is asked for.

    Attributes:
        outline: what its lines look like.
        format: the format, in JSON.

    """

    outline: Outline
    format: msgspec.Raw


Shelves = dict[str, dict[str, Compiled]]
"""Formats by name, by the folder that they are in: ``builtin`` and ``named``."""


class FormatStore(MutableMapping[str, Format]):
    """Formats by name, each read when it is first asked for.

    Args:
        compiled: what is shipped.

    """

    def __init__(self, compiled: dict[str, Compiled]) -> None:
        self._compiled = compiled
        self._read: dict[str, Format] = {}
        self._outlines = {name: known.outline for name, known in compiled.items()}

    def __getitem__(self, name: str) -> Format:
        if name not in self._read:
            self._read[name] = _decoder().decode(self._compiled[name].format)
        return self._read[name]

    def __setitem__(self, name: str, log_format: Format) -> None:
        self._read[name] = log_format
        # Nothing is asked of the lines of a user's format but that it takes them.
        self._outlines[name] = Outline(log_format.layout)

    def __delitem__(self, name: str) -> None:
        del self._outlines[name]
        self._read.pop(name, None)
        self._compiled.pop(name, None)

    def __contains__(self, name: object) -> bool:
        return name in self._outlines

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._outlines))

    def __len__(self) -> int:
        return len(self._outlines)

    def outline(self, name: str) -> Outline:
        """What a format's lines look like, found without reading all of it."""
        return self._outlines[name]


@cache
def _decoder() -> msgspec.json.Decoder[Format]:
    return msgspec.json.Decoder(Format)


def load(text: bytes) -> Shelves:
    """Take compiled formats out of the text that ``compile_folder`` has made."""
    return msgspec.json.decode(text, type=Shelves)


def compile_folder(folder: Traversable) -> bytes:
    """Compile the formats of a folder with a file ``NAME.toml`` for each; one to a line.

    Args:
        folder: with a folder ``named`` of formats that must be named.

    Raises:
        FormatError: a file is wrong.

    """
    shelves = {"builtin": _read_files(folder), "named": _read_files(folder / "named")}
    return (
        b"{\n"
        + b",\n".join(
            msgspec.json.encode(shelf)
            + b": {\n"
            + b",\n".join(
                msgspec.json.encode(name) + b": " + msgspec.json.encode(known)
                for name, known in formats.items()
            )
            + b"\n}"
            for shelf, formats in shelves.items()
        )
        + b"\n}\n"
    )


def _read_files(folder: Traversable) -> dict[str, Compiled]:
    # What reads TOML is loaded where it is needed: when formats are compiled.
    from hitwatch.formats.toml import read_format

    texts = {
        item.name.removesuffix(".toml"): item.read_bytes().decode()
        for item in folder.iterdir()
        if item.name.endswith(".toml")
    }
    formats = {
        name: read_format(text, where=f"{name}.toml") for name, text in sorted(texts.items())
    }
    return {
        name: Compiled(_outline(log_format), msgspec.Raw(msgspec.json.encode(log_format)))
        for name, log_format in formats.items()
    }


def _outline(log_format: Format) -> Outline:
    lines = () if log_format.glued else log_format.lines
    return Outline(
        log_format.layout,
        tuple(_literals(line) for line in lines),
        log_format.identifying_keys,
        log_format.normalized_keys,
        log_format.widespread,
    )


def _literals(line: Line) -> tuple[str, ...]:
    """The texts that stand in every line written so; some fields may be missing at its end."""
    found: list[str] = []
    for field in line.fields:
        if field.or_end is not None:
            return (*found, field.or_end)
        found.append(field.before)
    return (*found, line.after)
