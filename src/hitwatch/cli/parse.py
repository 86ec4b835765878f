"""The command that turns lines into rows."""

from __future__ import annotations

import click

from hitwatch.cli.console import CONDITION_MET, FINE, UNREADABLE, console_of, notify
from hitwatch.cli.flags import flags
from hitwatch.cli.outputs import begin, finish, only_text_on_terminals, open_output
from hitwatch.cli.signals import stop_on_signals
from hitwatch.options.groups import Options, ParseOptions
from hitwatch.options.shared import FilterOptions, LogOptions, PrivacyOptions, ReadOptions


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@flags(ParseOptions, FilterOptions, PrivacyOptions, ReadOptions, LogOptions)
def parse(sources: tuple[str, ...], options: Options) -> int:
    """Turn log lines into rows: JSON lines, CSV, Parquet or Arrow.

    Every row has the same columns, whatever the format; what a format does not log is null.
    """
    stop = stop_on_signals()

    from pathlib import Path

    from hitwatch.outputs.outputs import Outputs
    from hitwatch.render.units import balance
    from hitwatch.run.parse import convert, kind_of, rejects_to
    from hitwatch.run.wiring import parsing_of
    from hitwatch.sources.discovery import find_logs

    chosen = options.parse
    output = Path(chosen.output) if chosen.output else None
    kind = kind_of(output, chosen.output_format)
    only_text_on_terminals(kind, chosen.output, "rows")
    paths = find_logs(sources, live=False)
    with Outputs(stop.is_set) as outputs:
        begin(outputs, options, paths)
        overwrite = chosen.overwrite
        rejects = (
            open_output(outputs, Path(chosen.rejects), "rejects", overwrite=overwrite)
            if chosen.rejects
            else None
        )
        rows = open_output(outputs, output, kind, overwrite=overwrite)
        # What a pipe brings is read for its format; whoever waits for the rows has them by then.
        parsing = parsing_of(options, paths, console_of(chosen, stop), filtered=True)
        parsing.on_reject = rejects_to(rejects) if rejects else None
        convert(parsing, kind, rows, spreadsheet_safe=chosen.spreadsheet_safe)
        unread = parsing.failures and not parsing.balance.lines
        finish(outputs, stopped=stop.is_set(), unread=bool(unread))
    found = parsing.balance
    parsing.notify(balance(found))
    if parsing.failures:
        return UNREADABLE
    too_many = chosen.max_rejects is not None and found.rejects > chosen.max_rejects
    if too_many:
        notify(f"{found.rejects:,} lines were rejected, more than {chosen.max_rejects:,}")
    return CONDITION_MET if too_many else FINE
