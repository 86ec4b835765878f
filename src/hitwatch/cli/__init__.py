"""The command line: flags become options, options go to one function of ``run``.

Nothing heavy is imported here; each command is imported when it is called, and imports what it
needs then.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import NoReturn

import click

from hitwatch import __version__
from hitwatch.cli.commands import COMPLETION_VARIABLE, Commands
from hitwatch.cli.console import FAULT, FINE, WRONG_USAGE, notify
from hitwatch.cli.signals import ended_by
from hitwatch.errors import HitwatchError, OutputError

_COLLECTED_AFTER = 20_000
"""How many more objects there must be before those are looked through for garbage."""


@click.group(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
def commands() -> None:
    """Follow HTTP access logs, say what happens, raise and clear alerts.

    \b
    hitwatch watch /var/log/nginx/access.log     follow a log live
    hitwatch report access.log*                  one report over whole logs
    hitwatch replay access.log.1.gz access.log   play old logs through the same rules
    hitwatch query "SELECT ..." access.log*      SQL over logs
    hitwatch demo                                see it work, without a log
    """


def main() -> NoReturn:
    """Run the command line and end the process with its exit code."""
    _end(run())


def run() -> int:
    """Run the command line, and give its exit code."""
    # What is imported stays: to look for garbage in it so often takes 5 % of a short run.
    gc.set_threshold(_COLLECTED_AFTER, *gc.get_threshold()[1:])
    debug = "--debug" in sys.argv
    try:
        code = commands.main(standalone_mode=False, complete_var=COMPLETION_VARIABLE) or FINE
    except click.ClickException as error:
        error.show()
        code = WRONG_USAGE
    except click.Abort:
        code = 128 + signal.SIGINT
    except HitwatchError as error:
        if debug:
            raise
        if isinstance(error, OutputError):
            from hitwatch.outputs.streams import silence_stdout

            silence_stdout()
        notify(str(error))
        code = error.exit_code
    except Exception as error:  # Whatever it is, a user gets one line.
        if debug:
            raise
        notify(
            f"error in hitwatch itself: {type(error).__name__}: {error}"
            " (the same command with --debug shows where; please report it)"
        )
        code = FAULT
    return 128 + ended_by[0] if ended_by else code


def _end(code: int) -> NoReturn:
    """End the process, and leave its memory to the system.

    To give back what has been counted, piece by piece, takes a tenth of a short run.
    """
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        sys.exit(code)
    if logging := sys.modules.get("logging"):
        logging.shutdown()
    os._exit(code)
