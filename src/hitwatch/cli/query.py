"""The command that runs SQL over logs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO, Any

import click

from hitwatch.cli.options import (
    FINE,
    UNREADABLE,
    filter_flags,
    filter_options_of,
    format_options,
    notify,
    own_log_options,
    silent,
    stop_on_signals,
    stoppable,
)
from hitwatch.cli.outputs import begin, finish, output_help, overwrite_option
from hitwatch.cli.parse import only_text_on_terminals, readers_of
from hitwatch.cli.privacy import privacy_options, read_pipeline
from hitwatch.clocks import Stop


@click.command()
@click.argument("sql")
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option(
    "--output-format",
    type=click.Choice(["table", "jsonl", "json", "csv", "md", "parquet", "arrow"]),
    help="How to write the rows [default: by the ending of the output, else table].",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help=output_help)
@overwrite_option
@click.option("--quiet", is_flag=True, help="Say nothing about the run itself.")
@filter_flags
@privacy_options
@format_options
@own_log_options
def query(
    sql: str,
    sources: tuple[str, ...],
    *,
    output_format: str | None,
    output: Path | None,
    overwrite: bool,
    quiet: bool,
    **words: Any,
) -> int:
    """Run SQL over logs: one SELECT over the table hits.

    \b
    hitwatch query "SELECT section, count(*) AS n FROM hits
                    GROUP BY section ORDER BY n DESC" access.log*

    Its columns are those of parse, the formats' own further ones, origin and line_number.
    What the query does not need is not read.
    """
    stop = Stop()
    stop_on_signals(stop)

    from hitwatch.outputs.outputs import Outputs

    outputs = Outputs(stop.is_set)

    def work() -> int:
        from hitwatch.render.units import balance
        from hitwatch.run.earlier import is_earlier
        from hitwatch.run.parse import Parsing
        from hitwatch.run.query import Query, kind_of_result
        from hitwatch.run.scan import Scan
        from hitwatch.sources.discovery import find_logs

        kind = kind_of_result(output, output_format)
        only_text_on_terminals(kind, output)
        tell = silent if quiet else notify
        paths = find_logs(sources, live=False)
        settings = begin(outputs, words, paths)
        parsing = Parsing(
            paths=paths,
            reader_of=readers_of(words, settings, None, read_pipeline(words, settings), tell),
            notify=tell,
            warn=notify,
            stopped=stop.is_set,
            further=True,
            line_numbers=True,
        )
        scan = Scan(parsing, filter_options_of(words, settings))
        asked = Query(sql, scan.table(), stop.is_set)
        terminal = str(output or "-") == "-" and sys.stdout.isatty()
        rows: IO[bytes] = sys.stdout.buffer
        if output:
            rows = outputs.open_replacement(output, is_earlier(kind, output), overwrite=overwrite)
        asked.write(kind, rows, terminal=terminal)
        unread = parsing.failures and not scan.balance.lines
        finish(outputs, stopped=stop.is_set(), unread=bool(unread))
        parsing.notify(balance(scan.balance))
        return UNREADABLE if parsing.failures else FINE

    with outputs:
        return stoppable(work, stop)
