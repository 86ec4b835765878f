"""What commands that write files share: options, what they must not write, hitwatch's own log."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hitwatch.cli.options import notify
from hitwatch.errors import OutputError, SettingsError

if TYPE_CHECKING:
    from hitwatch.config import Settings
    from hitwatch.outputs.appending import LineFile
    from hitwatch.outputs.outputs import Outputs

overwrite_option = click.option(
    "--overwrite",
    is_flag=True,
    help="Replace what is there, even if it is no earlier output of this kind.",
)
output_help = (
    "File to write, - for standard output. Replaces an earlier output of the same kind;"
    " anything else only with --overwrite, and never a file that is read."
)


def finish(outputs: Outputs, *, stopped: bool, unread: bool) -> None:
    """Let the files of a run take their places, unless it was ended early or read nothing."""
    if not outputs.is_unfinished or not (stopped or unread):
        outputs.commit()
    else:
        why = "the run was ended early" if stopped else "nothing could be read"
        notify(f"no file was written: {why}")


def begin(
    outputs: Outputs,
    words: dict[str, Any],
    paths: Sequence[str] = (),
    obeyed: Collection[str] | None = None,
) -> Settings:
    """Begin a run: read its settings, guard what it reads, open hitwatch's own log.

    Every command that has such a log begins here, so that a setting counts for all alike.

    Args:
        outputs: opens what the run writes.
        words: of the command line.
        paths: logs that are read.
        obeyed: the only settings that count; all of them when ``None``.

    Raises:
        SettingsError: settings make no sense, or the log cannot be written.

    """
    from hitwatch.config import load

    settings = load(words["config"])
    if obeyed is not None:
        settings = settings.only(obeyed)
    outputs.register_inputs((*paths, *inputs_of(words, settings)))
    _log_to(
        outputs,
        words["log_file"] or settings.log_file,
        words["log_level"] or settings.log_level or "info",
    )
    return settings


def _log_to(outputs: Outputs, path: str | None, level: str) -> None:
    """Let hitwatch's own log go to a file, or nowhere."""
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


def inputs_of(words: dict[str, Any], settings: Settings) -> list[str]:
    """Files beside the logs that a run reads: settings, formats, keys, databases and lists."""
    lists = [*words.get("exclude_client", ()), *words.get("trusted_proxy", ())]
    trusted_networks = settings.trusted_proxy or []
    lists += [trusted_networks] if isinstance(trusted_networks, str) else trusted_networks
    databases = words.get("geoip") or settings.geoip or []
    named = [
        words.get("config"),
        words.get("log_format"),
        settings.log_format,
        (words.get("log_format_from") or "").partition(":")[0],
        words.get("anonymize_key_file") or settings.anonymize_key_file,
        *(word[1:] for word in lists if word.startswith("@")),
        *([databases] if isinstance(databases, str) else databases),
    ]
    return [str(path) for path in named if path]
