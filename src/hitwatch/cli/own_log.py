"""hitwatch's own log: what it says of what it does, in a file of the user's."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from hitwatch.errors import OutputError, SettingsError

if TYPE_CHECKING:
    from hitwatch.outputs.appending import LineFile
    from hitwatch.outputs.outputs import Outputs


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
        return
    try:
        handler = _LineHandler(outputs.open_lines(Path(path), "cannot write the log file"))
    except OutputError as error:
        raise SettingsError(
            error.what, where=error.where, why=error.why, hint=error.hint
        ) from error
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    log.setLevel(level.upper())
    logging.raiseExceptions = False


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
