"""How an option is declared: its type and default as of any field, all else in ``About``.

Flags, the settings reference, settings files, the environment and the arguments in Python are
derived from this. Nothing here decides what an option means, or which source of it wins.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from functools import cache, partial
from os import PathLike, fspath
from types import UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

import msgspec

from hitwatch.errors import HitwatchError, SettingsError, UsageError
from hitwatch.instants import Duration, format_duration
from hitwatch.values import duration, duration_or_none, exact, suggestion, whole

ENVIRONMENT_PREFIX = "HITWATCH_"


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Options that are of one matter, and that commands take together."""


class Kind(NamedTuple):
    """What values an option has, and how they are said.

    Attributes:
        name: what the settings reference calls it.
        read: makes the value of what was said; its first argument is what errors call the option.
        metavar: what stands for the value in ``--help``.
        said: the type that is said in Python; ``None``: that of the value.
        several: whether it is said by repeating the flag.
        write: says a value as a user would.

    """

    name: str
    read: Callable[[str, Any], Any]
    metavar: str = ""
    said: Any = None
    several: bool = False
    write: Callable[[Any], str] = str


def _text(name: str, said: object) -> str:
    if not isinstance(said, str):
        raise SettingsError(f"{name} must be text, not {said!r}")
    return said


def _moment(name: str, said: object) -> str | datetime:
    return said if isinstance(said, datetime) else _text(name, said)


def _switch(name: str, said: object) -> bool:
    """Whether something is on; the environment says it in letters."""
    word = said.lower() if isinstance(said, str) else said
    if isinstance(word, bool):
        return word
    if word in ("true", "1", "false", "0"):
        return word in ("true", "1")
    raise SettingsError(f"{name} must be true or false, not {said!r}")


def _several(name: str, said: object) -> tuple[str, ...]:
    """One or several texts; a text is one, not its letters."""
    if isinstance(said, str | PathLike):
        return (fspath(said),)
    if not isinstance(said, Sequence):
        raise SettingsError(f"{name} must be text, or several, not {said!r}")
    return tuple(_text(name, fspath(each) if isinstance(each, PathLike) else each) for each in said)


def _by_panel(read: Callable[[str, Any], Any]) -> Callable[[str, Any], dict[str, Any]]:
    """Values of single panels, by name."""

    def read_all(name: str, said: Mapping[str, Any]) -> dict[str, Any]:
        return {panel: read(name, value) for panel, value in said.items()}

    return read_all


class Secret(bytes):
    """A secret, which is not shown where options are."""

    def __repr__(self) -> str:
        return "Secret(…)"


def _secret(name: str, said: object) -> Secret:
    if not isinstance(said, str | bytes):
        raise SettingsError(f"{name} must be text or bytes")
    data = said.encode("utf-8", "surrogateescape") if isinstance(said, str) else said
    return Secret(data.strip())  # A file, too, ends with a line end that is no part of it.


def _length(name: str, said: object) -> Duration:
    return duration(name, _text(name, said))


def _length_or_none(name: str, said: object) -> Duration:
    return duration_or_none(name, _text(name, said))


def _window(name: str, said: object) -> Duration | Literal["start"]:
    return "start" if said == "start" else _length(name, said)


_SLOWEST = 0.001


def _speed(name: str, said: str) -> float | None:
    """How many times as fast as it was; ``None``: as fast as can be."""
    if said == "max":
        return None
    try:
        factor = float(exact(name, said.removesuffix("x")))
    except SettingsError:
        factor = 0.0
    if factor < _SLOWEST:
        raise UsageError(
            f"invalid speed {said!r}: expected 'max' or a factor such as '60x'", where=name
        )
    return factor


_SHARE = re.compile(r"(?P<share>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*(?P<percent>%)?|1/(?P<of>[0-9]+)")
_LEAST_SAMPLE = Fraction(1, 1_000_000)


def _sample(name: str, said: object) -> int | None:
    """One line in how many is read, which ``1%``, ``0.01`` and ``1/100`` say; ``None``: all."""
    found = _SHARE.fullmatch(_text(name, said).strip())
    share = Fraction(0)
    if found and found["of"]:
        share = Fraction(1, int(found["of"])) if int(found["of"]) else share
    elif found:
        share = Fraction(found["share"]) / (100 if found["percent"] else 1)
    if not _LEAST_SAMPLE <= share <= 1:
        raise UsageError(
            f"invalid share {said!r}: expected such as '1%' or '1/100', from one line in"
            f" {_LEAST_SAMPLE.denominator:,} to all",
            where=name,
        )
    one_in = round(1 / share)
    return one_in if one_in > 1 else None


Source = str | PathLike[str]
"""A path, a glob, a directory, or ``-`` for standard input."""

TEXT = Kind("text", _text, "TEXT")
TEXT_OR_DEFAULT = TEXT._replace(said=str | None)
MOMENT = Kind("time", _moment, "TIME")
SWITCH = Kind("true or false", _switch, write=lambda value: str(value).lower())
TEXTS = Kind("text", _several, "TEXT", str | Sequence[str], several=True)
FILE = Kind("file", _text, "FILE")
FILES = Kind("file", _several, "FILE", Source | Sequence[Source], several=True)
NAMES = Kind(
    "names", lambda name, said: tuple(each.strip() for each in _text(name, said).split(","))
)
SECRET = Kind("text", _secret, "TEXT", str | bytes)
POSITIVE = Kind("positive integer", whole, "N")
COUNT = Kind("integer", partial(whole, least=0), "N")
NUMBER = Kind("number", exact, "N", str | float | None, write=lambda value: f"{float(value):g}")
RATE = Kind("number", lambda name, said: float(exact(name, said)), "N")
LENGTH = Kind("duration", _length, "DURATION", str | None, write=format_duration)
LENGTH_OR_NONE = LENGTH._replace(read=_length_or_none)
WINDOW = Kind("duration, or start", _window, "DURATION")
SPEED = Kind("factor", _speed, "FACTOR")
SAMPLE = Kind("share", _sample, "SHARE", str | None, write=lambda one_in: f"1/{one_in}")
COUNTS = Kind("integers by panel", _by_panel(whole), said=Mapping[str, int] | None)
METRICS = Kind("metrics by panel", _by_panel(_text), said=Mapping[str, str] | None)

_KINDS: dict[Any, Kind] = {
    str: TEXT,
    bool: SWITCH,
    int: POSITIVE,
    tuple: TEXTS,
    Fraction: NUMBER,
}
"""What values of a type are, unless a field says otherwise."""


class About(NamedTuple):
    """What a field does not say by its type and default.

    Attributes:
        help: one sentence for people.
        kind: what values it has; ``None``: as its type says.
        metavar: what stands for the value in ``--help``; empty for that of the kind.
        choices: the only texts it may be, where its type does not say.
        flag: the flag where it is not ``--name``; ``None``: there is none.
        setting: whether settings files and the environment may say it.
        secret: whether the environment may say it, and nothing else.
        keyword: whether it is an argument in Python.
        default: what is told of a default that is no plain value.
        keyword_default: the same in Python, where it is another.
        of_panels: the field of what the flag says of single panels, as ``PANEL=VALUE``.

    """

    help: str
    kind: Kind | None = None
    metavar: str = ""
    choices: tuple[str, ...] = ()
    flag: str | None = ""
    setting: bool = False
    secret: bool = False
    keyword: bool = True
    default: str = ""
    keyword_default: str = ""
    of_panels: str = ""


class Field(NamedTuple):
    """An option.

    Attributes:
        name: of the field, and of the argument in Python.
        type: of its value.
        default: its value when nobody says anything.
        about: what was declared of it beside.
        kind: what values it has.
        choices: the only texts it may be; empty when it may be any.

    """

    name: str
    type: Any
    default: Any
    about: About
    kind: Kind
    choices: tuple[str, ...]

    @property
    def key(self) -> str:
        """Its name in a settings file."""
        return self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return ENVIRONMENT_PREFIX + self.name.upper()

    @property
    def flags(self) -> tuple[str, ...]:
        """Its flags as declared, ``--live/--fast`` being one; none when it has none."""
        if self.about.flag is None:
            return ()
        return tuple((self.about.flag or f"--{self.key}").split())

    @property
    def flag(self) -> str:
        """The flag that errors name."""
        return next(iter(self.flags[-1:]), f"--{self.key}").partition("/")[0]

    @property
    def repeatable(self) -> bool:
        """Whether its flag may be given several times."""
        return self.kind.several or bool(self.about.of_panels)

    @property
    def metavar(self) -> str:
        """What stands for its value."""
        return self.about.metavar or self.kind.metavar

    @property
    def default_text(self) -> str:
        """What people are told of its default; empty when it is off, or nothing."""
        if self.about.default or self.default in (None, False, (), b"") or self.default == {}:
            return self.about.default
        return self.kind.write(self.default)

    @property
    def keyword_default(self) -> Any:
        """The default of its argument in Python, as a user would say it."""
        says_none = self.kind.said is not None and type(None) in get_args(self.kind.said)
        return None if says_none else self.default

    @property
    def keyword_type(self) -> Any:
        """The type of its argument in Python."""
        said = self.kind.said
        if said is None:
            return self.type
        return said | None if type(None) in get_args(self.type) else said

    def read(self, said: object, name: str, error: type[HitwatchError] = UsageError) -> Any:
        """Make the value of what a user said.

        Args:
            said: text, or a value of TOML or Python.
            name: what errors call the option.
            error: raised of what is none of its choices.

        Raises:
            SettingsError: it cannot be read, or is out of bounds.

        """
        if self.choices and said not in self.choices:
            raise error(
                f"{name}: invalid {self.key} {said!r}{suggestion(said, self.choices)}",
                hint=f"expected one of: {', '.join(self.choices)}",
            )
        return self.kind.read(name, said)


@cache
def fields_of(group: type[Group]) -> tuple[Field, ...]:
    """The options of a group, its own before those that it shares with others."""
    types = get_type_hints(group, include_extras=True)
    declared = {each.name: each for each in msgspec.structs.fields(group)}
    names = dict.fromkeys(
        name for each in group.__mro__ for name in vars(each).get("__annotations__", ())
    )
    return tuple(_field(declared[name], types[name]) for name in names if name in declared)


def _field(declared: msgspec.structs.FieldInfo, annotated: Any) -> Field:
    bare, about = get_args(annotated)
    members = get_args(bare) if get_origin(bare) in (Union, UnionType) else (bare,)
    inner = members[0]
    literal = get_origin(inner) is Literal
    choices = about.choices or (get_args(inner) if literal else ())
    kind = about.kind or (TEXT if literal else _KINDS[get_origin(inner) or inner])
    default = declared.default
    if default is msgspec.NODEFAULT:
        default = declared.default_factory()
    return Field(declared.name, bare, default, about, kind, choices)
