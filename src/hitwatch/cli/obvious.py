"""What ``hitwatch SOURCE`` without a command does: follow a log that grows, else report on it."""

from __future__ import annotations

import glob
import os
import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click
from msgspec import Struct

from hitwatch.errors import did_you_mean
from hitwatch.instants import SECOND, format_duration
from hitwatch.sources.discovery import COMPRESSED, STDIN, find_logs

SYNONYMS = {
    "analyse": "report",
    "analyze": "report",
    "backtest": "replay",
    "convert": "parse",
    "follow": "watch",
    "generate": "simulate",
    "monitor": "watch",
    "sql": "query",
    "stats": "report",
    "summary": "report",
    "tail": "watch",
}
"""Commands as other programs call them."""

RECENT = 600
"""Seconds within which a log was written that is taken to grow still."""

_PROCESSES = Path("/proc")

_OTHERS = {"watch": ("report", "for a report"), "report": ("watch", "to follow")}
"""Of each command the other choice, and what it is for."""


class Choice(Struct, frozen=True):
    """What was meant.

    Attributes:
        command: its name.
        doing: what it does to what, and why, for people.
        is_free: whether the other command could have been chosen as well.

    """

    command: str
    doing: str
    is_free: bool = True

    def said(self, arguments: Sequence[str]) -> str:
        """Which command was chosen, and how to get the other."""
        if not self.is_free:
            return self.doing
        other, purpose = _OTHERS[self.command]
        return f"{self.doing} ({purpose}: hitwatch {other} {shlex.join(arguments)})"


def meant(
    arguments: Sequence[str], commands: Mapping[str, click.Command], known: Sequence[str]
) -> Choice | None:
    """What is to be done where no command is named; ``None``: none can be chosen.

    Args:
        arguments: the words behind ``hitwatch``.
        commands: those that a choice is between, by name.
        known: the names of all commands.

    Raises:
        InputError: there is no such log.

    """
    options, sources = _split(arguments, commands)
    if sources and not _is_source(sources[0]) and is_command(sources[0], known):
        return None
    sources = [word for word in sources if _is_source(word)]
    if not sources:
        return None
    name = sources[0] if len(sources) == 1 else "these logs"
    only_in = [
        command
        for command in commands
        if all(each in _flags(commands[command]) for each in options)
    ]
    if len(only_in) == 1:
        known = next(each for each in options if not _is_known_to_all(each, commands))
        return _choice(only_in[0], name, f"as {known} asks for", is_free=False)
    if sources == [STDIN]:
        return _choice("watch", "standard input", "as it may go on")
    if any(word.endswith(COMPRESSED) for word in sources):
        return _choice("report", name, "as compressed logs do not grow")
    logs = [path for path in find_logs(tuple(sources), live=False) if Path(path).is_file()]
    age = time.time() - max((Path(path).stat().st_mtime for path in logs), default=0)
    if age < RECENT:
        return _choice("watch", name, f"written {format_duration(max(0, int(age)) * SECOND)} ago")
    if any(_is_written(path) for path in logs):
        return _choice("watch", name, "which a process holds open to write")
    return _choice("report", name, "which nothing writes any more")


def is_command(word: str, known: Sequence[str]) -> bool:
    """Whether a word was meant to be a command: it is nearly one, or what others call one."""
    return word in SYNONYMS or bool(did_you_mean(word, known))


def unknown_word(word: str, known: Sequence[str]) -> str:
    """What is said of a word that is neither a command nor a log."""
    if word in SYNONYMS:
        hint = f"did you mean {SYNONYMS[word]}?"
    else:
        hint = did_you_mean(word, [*known, *(path.name for path in Path().iterdir())])
    return f"{word!r} is neither a command nor a log. {hint[:1].upper()}{hint[1:]}".rstrip()


def _choice(command: str, name: str, why: str, *, is_free: bool = True) -> Choice:
    doing = {"watch": "watching", "report": "reporting on"}[command]
    return Choice(command, f"{doing} {name}, {why}", is_free)


def _is_source(word: str) -> bool:
    """Whether a word names a log: something is there, or it is spelled like a path."""
    if word == STDIN or "/" in word or glob.has_magic(word):
        return True
    try:
        return Path(word).exists()
    except OSError:  # Too long to be one.
        return False


def _flags(command: click.Command) -> dict[str, bool]:
    """The flags of a command, and whether each takes a value."""
    options = (param for param in command.params if isinstance(param, click.Option))
    return {flag: not option.is_flag for option in options for flag in option.opts}


def _is_known_to_all(flag: str, commands: Mapping[str, click.Command]) -> bool:
    return all(flag in _flags(command) for command in commands.values())


def _split(
    arguments: Sequence[str], commands: Mapping[str, click.Command]
) -> tuple[list[str], list[str]]:
    """The flags among some words, and the words that are neither flags nor their values."""
    takes_value = {k: v for command in commands.values() for k, v in _flags(command).items()}
    flags: list[str] = []
    words: list[str] = []
    left = iter(arguments)
    for word in left:
        if word == "--":
            words += left
        elif not word.startswith("-") or word == STDIN:
            words.append(word)
        else:
            flag, equals, _ = word.partition("=")
            flags.append(flag)
            if takes_value.get(flag) and not equals:
                next(left, None)
    return [flag for flag in flags if flag in takes_value], words


def _is_written(path: str) -> bool:
    """Whether a process has a file open to write, as far as this user may see."""
    try:
        facts = Path(path).stat()
    except OSError:
        return False
    identity = (facts.st_dev, facts.st_ino)
    return any(identity == each for each in _open_for_writing())


def _open_for_writing() -> Iterator[tuple[int, int]]:
    """The files that processes have open to write."""
    for process in _PROCESSES.glob("[0-9]*"):
        try:
            for descriptor in (process / "fd").iterdir():
                flags = (process / "fdinfo" / descriptor.name).read_text().split()
                if int(flags[flags.index("flags:") + 1], 8) & os.O_ACCMODE:
                    facts = descriptor.stat()
                    yield facts.st_dev, facts.st_ino
        except (OSError, ValueError):
            continue
