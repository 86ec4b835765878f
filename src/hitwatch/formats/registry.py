"""The known formats, loaded from their files."""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping, Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from msgspec import Struct

from hitwatch.errors import FormatError, did_you_mean
from hitwatch.formats.format import Format, Layout
from hitwatch.formats.toml import read_format


class Outline(Struct, frozen=True):
    """What lines of a format look like.

    Attributes:
        layout: how their values are laid out.
        literals: of each way to write one the texts that stand in it; none where identifying them
            takes a closer look.
        identifying_keys: names of which some must stand on a line.
        normalized_keys: whether names are compared without case and punctuation.

    """

    layout: Layout
    literals: list[list[str]]
    identifying_keys: list[str]
    normalized_keys: bool


class FormatStore(MutableMapping[str, Format]):
    """Formats by name, each read from its file when it is first asked for.

    Args:
        folder: with a file ``NAME.toml`` for each.

    """

    def __init__(self, folder: Traversable) -> None:
        found = (item for item in folder.iterdir() if item.name.endswith(".toml"))
        self._texts = {
            item.name.removesuffix(".toml"): item.read_bytes().decode() for item in found
        }
        self._read: dict[str, Format] = {}
        self._outlines: dict[str, Outline] = {}

    def __getitem__(self, name: str) -> Format:
        if name not in self._read:
            self._read[name] = read_format(self._texts[name], where=f"{name}.toml")
        return self._read[name]

    def __setitem__(self, name: str, log_format: Format) -> None:
        self._texts[name] = f'layout = "{log_format.layout.value}"\n'
        self._read[name] = log_format
        self._outlines.pop(name, None)

    def __delitem__(self, name: str) -> None:
        del self._texts[name]
        self._read.pop(name, None)
        self._outlines.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._texts))

    def __len__(self) -> int:
        return len(self._texts)

    def outline(self, name: str) -> Outline:
        """What a format's lines look like, found without reading all of it."""
        if name not in self._outlines:
            self._outlines[name] = _outline(self._texts[name])
        return self._outlines[name]


def _outline(text: str) -> Outline:
    text = text.partition("[[samples]]")[0]
    layout = _LAYOUT.search(text)
    lines = None if _GLUED.search(text) else _LINES.search(text)
    identifying_keys = _IDENTIFYING_KEYS.search(text)
    return Outline(
        Layout(layout[1]) if layout else Layout.POSITIONAL,
        [
            [] if "{{" in line else _PLACE.split(line)
            for line in (_TEMPLATE.findall(lines[0]) if lines else ())
        ],
        _NAME.findall(identifying_keys[1]) if identifying_keys else [],
        normalized_keys=_NORMALIZED_KEYS.search(text) is not None,
    )


_LAYOUT = re.compile(r'^layout = "(\w+)"', re.MULTILINE)
_GLUED = re.compile(r"^glued = true", re.MULTILINE)
_NORMALIZED_KEYS = re.compile(r"^normalized_keys = true", re.MULTILINE)
_LINES = re.compile(r"^lines? = (?:'.*'|\[(?:\n +'.*',?)+\n\])$", re.MULTILINE)
_TEMPLATE = re.compile(r"'(.*)'")
_PLACE = re.compile(r"\{[^{}]*\}")
_IDENTIFYING_KEYS = re.compile(r"^identifying_keys = \[([^\]]*)\]", re.MULTILINE)
_NAME = re.compile(r'"([^"]*)"')


@cache
def builtin() -> FormatStore:
    """The formats that lines are tried in: those shipped with hitwatch, and what was added.

    Reading one raises ``FormatError`` where its file is wrong.
    """
    return FormatStore(files("hitwatch.formats") / "builtin")


@cache
def name_only() -> FormatStore:
    """The formats that must be named: their lines look like another's and mean something else.

    Reading one raises ``FormatError`` where its file is wrong.
    """
    return FormatStore(files("hitwatch.formats") / "builtin" / "named")


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
