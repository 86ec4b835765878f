"""The command that runs SQL over logs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from hitwatch.cli.console import FINE, UNREADABLE, console_of
from hitwatch.cli.flags import flags
from hitwatch.cli.outputs import begin, finish, only_text_on_terminals, open_output
from hitwatch.cli.signals import stop_on_signals, stoppable
from hitwatch.options.groups import Options, ParseOptions, QueryOptions
from hitwatch.options.shared import FilterOptions, LogOptions, PrivacyOptions, ReadOptions

if TYPE_CHECKING:
    from hitwatch.clocks import Stop
    from hitwatch.outputs.outputs import Outputs


@click.command()
@click.argument("sql")
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@flags(QueryOptions, FilterOptions, PrivacyOptions, ReadOptions, LogOptions)
def query(sql: str, sources: tuple[str, ...], options: Options) -> int:
    """Run SQL over logs: one SELECT over the table hits.

    \b
    hitwatch query "SELECT section, count(*) AS n FROM hits
                    GROUP BY section ORDER BY n DESC" access.log*

    Its columns are those of parse, the formats' own further ones, origin and line_number.
    What the query does not need is not read.
    """
    stop = stop_on_signals()

    from hitwatch.outputs.outputs import Outputs

    with Outputs(stop.is_set) as outputs:
        return stoppable(lambda: answer(sql, sources, options, outputs, stop), stop)


def answer(
    sql: str, sources: tuple[str, ...], options: Options, outputs: Outputs, stop: Stop
) -> int:
    """Run a query, and write its rows.

    Args:
        sql: the query.
        sources: the logs.
        options: of the command.
        outputs: opens what is written.
        stop: set by a signal.

    """
    from pathlib import Path

    from hitwatch.render.units import balance
    from hitwatch.run.query import Query, kind_of_result
    from hitwatch.run.scan import Scan
    from hitwatch.run.wiring import parsing_of
    from hitwatch.sources.discovery import find_logs

    chosen = options.query
    output = Path(chosen.output) if chosen.output else None
    kind = kind_of_result(output, chosen.output_format)
    only_text_on_terminals(kind, chosen.output, "rows")
    paths = find_logs(sources, live=False)
    begin(outputs, options, paths)
    every_column = replace(options, parse=ParseOptions(all_fields=True, line_numbers=True))
    parsing = parsing_of(every_column, paths, console_of(chosen, stop))
    scan = Scan(parsing, options)
    asked = Query(sql, scan.table(), stop.is_set)
    terminal = chosen.output in (None, "-") and sys.stdout.isatty()
    rows = open_output(outputs, output, kind, overwrite=chosen.overwrite)
    safe = chosen.spreadsheet_safe
    asked.write(kind, rows, terminal=terminal, spreadsheet_safe=safe)
    unread = parsing.failures and not scan.balance.lines
    finish(outputs, stopped=stop.is_set(), unread=bool(unread))
    parsing.notify(balance(scan.balance))
    return UNREADABLE if parsing.failures else FINE
