"""Where reports and transitions go: standard output as text or JSON lines, the alert log."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import IO, Any, AnyStr, TextIO

from hitwatch.alerting.alert import Transition
from hitwatch.errors import OutputClosedError, OutputError
from hitwatch.outputs.appending import LineFile
from hitwatch.readmodel import Report
from hitwatch.render import text
from hitwatch.zones import IN_UTC, Zone

_NARROWEST = 60
"""Columns that a terminal has at least, as far as lines are fitted into it."""


class TextDisplay:
    """Shows things as plain text.

    Args:
        stream: where to.
        top: how many sections to list.
        color: whether the stream understands a terminal's colours.
        zone: in which times are shown.

    """

    def __init__(self, stream: TextIO, *, top: int, color: bool, zone: Zone = IN_UTC) -> None:
        self._stream, self._top, self._color, self._zone = stream, top, color, zone

    def show(self, shown: Report | Transition, *, lag: int) -> None:
        """Write it now."""
        lines = text.to_text(shown, lag=lag, top=self._top, color=self._color, zone=self._zone)
        write(self._stream, lines)


class JsonDisplay:
    """Shows things as JSON lines.

    Args:
        stream: where to.

    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def show(self, shown: Report | Transition, *, lag: int) -> None:
        """Write it now."""
        # JSON is loaded when it is asked for.
        from hitwatch.render import jsonl

        write(self._stream, jsonl.to_line(shown, lag=lag) + "\n")


def write(stream: IO[AnyStr], data: AnyStr) -> None:
    """Write and flush.

    Args:
        stream: of text or of bytes.
        data: what it takes.

    Raises:
        OutputClosedError: nobody reads any more.
        OutputError: it could not be written.

    """
    try:
        stream.write(data)
        stream.flush()
    except BrokenPipeError as error:
        raise OutputClosedError("the output was closed by its reader; ended") from error
    except OSError as error:
        raise unwritable(stream, error) from error


def unwritable(stream: IO[Any], error: OSError) -> OutputError:
    """The error of an output that could not be written."""
    return OutputError(
        "cannot write the output",
        where=str(getattr(stream, "name", "")),
        why=error.strerror or str(error),
    )


class AlertLog:
    """Keeps alerts in a file, as JSON lines.

    A file that cannot be written any more does not end a watch: it is said once, and the
    run does not end as if all were well.

    Args:
        file: what lines are added to.
        name: of it, for messages.

    """

    def __init__(self, file: LineFile, name: str) -> None:
        self._file, self._name = file, name
        self.failed: OutputError | None = None

    def write(self, transition: Transition) -> OutputError | None:
        """Add a transition of an alert.

        Returns:
            The error, the first time that it cannot be written.

        """
        from hitwatch.render import jsonl

        try:
            self._file.add(f"{jsonl.to_line(transition)}\n".encode())
        except (OSError, OutputError) as error:
            first, self.failed = self.failed is None, self._error(error)
            return self.failed if first else None
        return None

    def close(self) -> None:
        """Give the file back."""
        try:
            self._file.close()
        except OSError as error:
            self.failed = self._error(error)

    def _error(self, error: OSError | OutputError) -> OutputError:
        why = error.why if isinstance(error, OutputError) else error.strerror
        return OutputError(
            "cannot write the alert log",
            where=self._name,
            why=why or str(error),
            hint="alerts are still shown on standard output",
        )


def terminal_width(stream: TextIO, environment: Mapping[str, str]) -> int | None:
    """How wide lines may be: what COLUMNS says, or the terminal; ``None``: as wide as they come.

    Args:
        stream: where the output goes.
        environment: the process's.

    """
    said = environment.get("COLUMNS", "")
    if said.isascii() and said.isdigit() and int(said) > 0:
        return max(_NARROWEST, int(said))
    try:
        return max(_NARROWEST, os.get_terminal_size(stream.fileno()).columns)
    except (OSError, ValueError):  # It is no terminal, or has no descriptor.
        return None


def wants_color(choice: str, stream: TextIO, environment: dict[str, str]) -> bool:
    """Whether to colour a stream.

    Args:
        choice: ``always``, ``never``, or ``auto``: when it is a terminal that can, and
            NO_COLOR (no-color.org) is not set.
        stream: where the output goes.
        environment: the process's.

    """
    if choice != "auto":
        return choice == "always"
    dumb = environment.get("TERM") == "dumb"
    return stream.isatty() and not environment.get("NO_COLOR") and not dumb


def standard_output() -> TextIO:
    """Standard output, with what it cannot encode spelled out."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    return sys.stdout
