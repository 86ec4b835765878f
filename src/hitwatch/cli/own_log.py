"""hitwatch's own log: what it says of what it does, in a file of the user's, for programs.

A line an event, as logfmt or as JSON: ``time``, ``level``, ``part`` (reader, parser, tally, judge,
writer, run), ``event``, and what the event says under names that stay the same.
"""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from hitwatch.errors import OutputError, SettingsError

if TYPE_CHECKING:
    from hitwatch.outputs.appending import LineFile
    from hitwatch.outputs.outputs import Outputs

_AS_JSON = (".json", ".jsonl", ".ndjson")
"""Endings of a log whose lines are JSON."""

_PLAIN = re.compile(r"[\w./:@+,;*()-]+", re.ASCII)

_OF_RECORDS = frozenset((*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"))
"""What every record has; all else is what an event says."""


def log_to(outputs: Outputs, path: str | None, level: str) -> None:
    """Let hitwatch's own log go to a file, or nowhere.

    Args:
        outputs: opens the file.
        path: of the file; ``None``: nowhere.
        level: how much is logged.

    Raises:
        SettingsError: it cannot be written.

    """
    log = logging.getLogger("hitwatch")
    log.propagate = False
    if path is None:
        log.addHandler(logging.NullHandler())
        # Nothing need be made for nobody to read.
        log.setLevel(logging.CRITICAL + 1)
        return
    try:
        handler = _LineHandler(outputs.open_lines(Path(path), "cannot write the log file"))
    except OutputError as error:
        raise SettingsError(
            error.what, where=error.where, why=error.why, hint=error.hint
        ) from error
    handler.setFormatter(_JsonLines() if path.lower().endswith(_AS_JSON) else _Logfmt())
    log.addHandler(handler)
    log.setLevel(level.upper())
    logging.raiseExceptions = False


def _fields(record: logging.LogRecord) -> dict[str, object]:
    """What a record says, by name: when, how grave, which part of the program, what, and more."""
    at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    more = {name: value for name, value in vars(record).items() if name not in _OF_RECORDS}
    return {
        "time": at.replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "part": record.name.removeprefix("hitwatch").lstrip(".") or "run",
        "event": record.getMessage(),
        **more,
    }


class _JsonLines(logging.Formatter):
    """An object a line, in plain ASCII."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(_fields(record), default=str, separators=(",", ":"))


class _Logfmt(logging.Formatter):
    """Names and values (https://brandur.org/logfmt); what is no plain word is quoted as in JSON."""

    def format(self, record: logging.LogRecord) -> str:
        return " ".join(f"{name}={_value(value)}" for name, value in _fields(record).items())


def _value(value: object) -> str:
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text)


class _LineHandler(logging.Handler):
    """Adds records to a file; one that cannot be written is dropped."""

    def __init__(self, file: LineFile) -> None:
        super().__init__()
        self._file = file

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._file.add(f"{self.format(record)}\n".encode("utf-8", "backslashreplace"))
        except (OSError, OutputError):
            self.handleError(record)
