"""What commands that write files share: what they must not write, and how they end."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING

from hitwatch.cli.console import notify
from hitwatch.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from hitwatch.options.groups import Options
    from hitwatch.outputs.outputs import Outputs


def begin(outputs: Outputs, options: Options, paths: Sequence[str] = ()) -> None:
    """Begin a run: guard what it reads, and open hitwatch's own log.

    Every command that has such a log begins here.

    Args:
        outputs: opens what the run writes.
        options: of the command.
        paths: logs that are read.

    Raises:
        SettingsError: the log cannot be written.
        UsageError: it is a file that is read.

    """
    from hitwatch.cli.own_log import log_to

    outputs.register_inputs((*paths, *inputs_of(options)))
    log_to(outputs, options.log.log_file, options.log.log_level)


def inputs_of(options: Options) -> list[str]:
    """Files beside the logs that a run reads: settings, formats, keys, databases and lists."""
    from hitwatch.config import files_read

    read, privacy = options.read, options.privacy
    chosen = options.filter
    lists = (*chosen.exclude_client, *chosen.exclude_referrer, *privacy.trusted_proxy)
    named = [
        *map(str, files_read(options.log.config)),
        read.log_format,
        (read.log_format_from or "").partition(":")[0],
        privacy.anonymize_key_file,
        *(entry[1:] for entry in lists if entry.startswith("@")),
        *options.report.geoip,
        options.report.template,
    ]
    return [path for path in named if path]


def finish(outputs: Outputs, *, stopped: bool, unread: bool) -> None:
    """Let the files of a run take their places, unless it was ended early or read nothing."""
    if not outputs.is_unfinished or not (stopped or unread):
        outputs.commit()
    else:
        why = "the run was ended early" if stopped else "nothing could be read"
        notify(f"no file was written: {why}")


def open_output(outputs: Outputs, path: Path | None, kind: str, *, overwrite: bool) -> IO[bytes]:
    """Open what a run writes as a whole.

    Args:
        outputs: opens it.
        path: of the file; standard output when ``None``.
        kind: of what is written.
        overwrite: whether also what no earlier run has written is replaced.

    Raises:
        OutputError: it cannot be written.
        UsageError: it must not be written.

    """
    if path is None:
        return sys.stdout.buffer
    from hitwatch.run.earlier import is_earlier

    return outputs.open_replacement(path, is_earlier(kind, path), overwrite=overwrite)


def only_text_on_terminals(kind: str | None, output: str | None, name: str) -> None:
    """Refuse to write what is no text to a terminal.

    Args:
        kind: of what is written.
        output: where to; standard output when ``None``.
        name: of a file that would do, without its ending.

    """
    if kind in ("parquet", "arrow", "sqlite") and output in (None, "-") and sys.stdout.isatty():
        raise UsageError(f"{kind} is no text for a terminal", hint=f"name a file: -o {name}.{kind}")
