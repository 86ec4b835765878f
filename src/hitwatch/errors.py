"""The error tree: what went wrong, where, why, and what to do about it.

    HitwatchError            never raised itself
      UsageError             exit 2: an invalid command line
      SettingsError          exit 2: an invalid settings, scenario or rule file
      FormatError            exit 2: an invalid log format
      InputError             exit 3: an input that could not be read
        DamageError             exit 3: an input of which only a part could be read
        TallyError              exit 3: bytes that are not a tally, or not one of these panels
      OutputError            exit 1: an output that could not be written
        OutputClosedError         exit 0: the reader has closed it, as ``head`` does

Each carries its facts as attributes and formats them in ``__str__``; ``cli`` prints
that text on standard error and ends with ``exit_code``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

_MARGIN = 40
"""Characters of a text that are shown on either side of the place that an error is about."""


class HitwatchError(Exception):
    """Base of every error that a user can do something about.

    Args:
        what: what could not be done, one clause, no full stop.
        where: file, line, setting or flag it is about; empty when ``what`` says it.
        why: the cause; empty when ``what`` says it.
        hint: what to do now; empty when there is nothing to advise.

    """

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", why: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.why = why
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        if self.why:
            text += f": {self.why}"
        if self.hint:
            text += f"\n  {self.hint}"
        return text


class UsageError(HitwatchError):
    """An invalid command line."""

    exit_code = 2


class SettingsError(HitwatchError):
    """An invalid settings, scenario or rule file."""

    exit_code = 2


class FormatError(HitwatchError):
    """An invalid log format."""

    exit_code = 2


class InputError(HitwatchError):
    """An input that could not be read."""

    exit_code = 3


class DamageError(InputError):
    """An input of which only a part could be read; that part has been given out.

    Args:
        what: as of every error.
        where: the input.
        why: what is wrong, where and how much of it.
        torn: bytes of lines that lack their end, and do not count as lines.

    """

    def __init__(self, what: str, *, where: str, why: str, torn: int = 0) -> None:
        super().__init__(what, where=where, why=why)
        self.torn = torn
        self.lines: int | None = None

    def set_lines(self, lines: int) -> None:
        """Add to the hint how many whole lines could be read."""
        self.lines = lines
        torn = f"; torn lines of {self.torn:,} bytes were left out" if self.torn else ""
        self.hint = f"{lines:,} lines of it could be read, and count{torn}"


class TallyError(InputError):
    """Bytes that are not a tally, or that are a newer version's, damaged, or of other panels.

    Args:
        why: which of them.
        hint: what to do now.

    """

    def __init__(self, why: str, *, hint: str = "") -> None:
        super().__init__("cannot read what was counted", why=why, hint=hint)


class DamageWarning(UserWarning):
    """Not all of an input could be read; what could be counts. Issued by ``warnings``."""


class OutputError(HitwatchError):
    """An output that could not be written."""

    exit_code = 1


class OutputClosedError(OutputError):
    """The reader of the output has closed it."""

    exit_code = 0


def unreadable_input(path: str, error: OSError) -> InputError:
    """The error of an input that cannot be opened or read."""
    if isinstance(error, FileNotFoundError):
        return InputError("no such file", where=path, hint="check the path; - reads standard input")
    hints = {
        PermissionError: "run as a user who may read it, often one of the group adm",
        IsADirectoryError: "name the files in it",
    }
    return InputError(
        "cannot be read",
        where=path,
        why=error.strerror or str(error),
        hint=hints.get(type(error), ""),
    )


def format_error_at(what: str, text: str, at: int, advice: str = "") -> FormatError:
    """The error of a format string, which shows the string and points at a place in it.

    Args:
        what: what is wrong.
        text: the whole string.
        at: index of the place.
        advice: what to write instead.

    """
    return FormatError(what, hint=point_at(text, at, advice))


def point_at(text: str, at: int, advice: str = "") -> str:
    """A text, cut to what is around a place in it, with a caret and advice below that place."""
    start = max(at - _MARGIN, 0)
    excerpt = text[start : at + _MARGIN].replace("\n", " ").replace("\t", " ")
    shown = f"{'…' if start else ''}{excerpt}{'…' if at + _MARGIN < len(text) else ''}"
    caret = " " * (at - start + bool(start)) + "^"
    return f"{shown}\n  {caret} {advice}".rstrip()


def did_you_mean(word: str, known: Sequence[str], spell: Callable[[str], str] = str) -> str:
    """A hint that names the closest of the known words; empty where none is close.

    Args:
        word: as the user wrote it.
        known: the words that are valid.
        spell: how a known word is written in the hint.

    >>> did_you_mean("pahts", ["paths", "hosts"])
    'did you mean paths?'

    """
    # Loaded when there is something to complain about.
    from difflib import get_close_matches

    close = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean {spell(close[0])}?" if close else ""


def suggest(word: str, known: Sequence[str], label: str = "known") -> str:
    """A hint that names the closest of the known words, and lists all of them.

    >>> suggest("jsno", ["csv", "json"])
    'did you mean json? known: csv, json'

    """
    return f"{did_you_mean(word, known)} {label}: {', '.join(known)}".lstrip()
