"""The error tree: what went wrong, where, why, and what to do about it.

    HitwatchError            never raised itself
      UsageError             exit 2: words on the command line that make no sense
      SettingsError          exit 2: a settings, scenario or rule file that makes no sense
      FormatError            exit 2: a log format description that makes no sense
      InputError             exit 3: an input that could not be read
        DamageError             exit 3: an input of which only a part could be read
        TallyError              exit 3: bytes that are no tally, or not one of these panels
      OutputError            exit 1: an output that could not be written
        OutputClosedError         exit 0: whoever read it has gone, as ``head`` does

Each carries its facts as attributes and words them in ``__str__``; ``cli`` prints
that text on standard error and ends with ``exit_code``.
"""

from __future__ import annotations


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
    """Words on the command line that make no sense."""

    exit_code = 2


class SettingsError(HitwatchError):
    """A settings, scenario or rule file that makes no sense."""

    exit_code = 2


class FormatError(HitwatchError):
    """A log format description that makes no sense."""

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
        torn: bytes of lines that lack their end, and are no lines.

    """

    def __init__(self, what: str, *, where: str, why: str, torn: int = 0) -> None:
        super().__init__(what, where=where, why=why)
        self.torn = torn
        self.lines: int | None = None

    def read(self, lines: int) -> None:
        """Say how many whole lines could be read."""
        self.lines = lines
        torn = f"; torn lines of {self.torn:,} bytes were left out" if self.torn else ""
        self.hint = f"{lines:,} lines of it could be read, and count{torn}"


class TallyError(InputError):
    """Bytes that cannot be read as a tally: none, a newer one's, damaged, or of other panels.

    Args:
        why: which of them.
        hint: what to do now.

    """

    def __init__(self, why: str, *, hint: str = "") -> None:
        super().__init__("cannot read what was counted", why=why, hint=hint)


class DamageWarning(UserWarning):
    """Not all of an input could be read; what could be counts. Told in Python, by ``warnings``."""


class OutputError(HitwatchError):
    """An output that could not be written."""

    exit_code = 1


class OutputClosedError(OutputError):
    """Whoever read the output has gone, and has had enough."""

    exit_code = 0
