"""Commands that read logs without following time: parse, detect and formats."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from hitwatch.cli.options import (
    CONDITION_MET,
    FINE,
    UNREADABLE,
    filter_flags,
    filter_options_of,
    format_options,
    notify,
    own_log_options,
    read_depth,
    read_format_setting,
    silent,
    stop_on_signals,
)
from hitwatch.cli.outputs import begin, finish, output_help, overwrite_option
from hitwatch.cli.privacy import privacy_options, read_pipeline
from hitwatch.clocks import Stop
from hitwatch.errors import InputError, UsageError

if TYPE_CHECKING:
    from hitwatch.config import Settings
    from hitwatch.privacy.pipeline import HitPipeline
    from hitwatch.run.readers import Readers


def readers_of(
    words: dict[str, Any],
    settings: Settings,
    columns: list[str] | None,
    pipeline: HitPipeline | None = None,
    notify: Callable[[str], None] | None = None,
) -> Readers:
    """Gives the reader of each origin, as the words or else the settings have it."""
    from hitwatch.privacy.pipeline import HitPipeline
    from hitwatch.run.inputs import offsets_of
    from hitwatch.run.readers import Readers

    log_format = read_format_setting(words, settings)
    depth = read_depth(words, settings)
    zone = offsets_of(words["tz"] or settings.tz)
    numbered = words.get("line_numbers", False)
    return Readers(
        columns,
        log_format,
        depth,
        zone,
        numbered,
        pipeline or HitPipeline(),
        notify,
        duration_unit=words["duration_unit"] or settings.duration_unit,
    )


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option(
    "--output-format",
    type=click.Choice(["jsonl", "csv", "parquet", "arrow"]),
    help="What to write [default: by the ending of the output, else jsonl].",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help=output_help)
@overwrite_option
@click.option("--columns", metavar="NAME,...", help="Columns to give, in that order.")
@click.option("--all-fields", is_flag=True, help="Add the format's own further columns.")
@click.option("--line-numbers", is_flag=True, help="Add the column line_number.")
@click.option(
    "--rejects",
    type=click.Path(path_type=Path),
    help="File for rejected lines with their reasons, as JSON lines.",
)
@click.option(
    "--max-rejects", type=click.IntRange(0), help="Exit with 1 when more lines are rejected."
)
@click.option("--quiet", is_flag=True, help="Say nothing about the run itself.")
@filter_flags
@privacy_options
@format_options
@own_log_options
def parse(
    sources: tuple[str, ...],
    *,
    output_format: str | None,
    output: Path | None,
    overwrite: bool,
    columns: str | None,
    all_fields: bool,
    line_numbers: bool,
    rejects: Path | None,
    max_rejects: int | None,
    quiet: bool,
    **words: Any,
) -> int:
    """Turn log lines into rows: JSON lines, CSV, Parquet or Arrow.

    Every row has the same columns, whatever the format; what a format does not log is null.
    """
    from hitwatch.outputs.outputs import Outputs
    from hitwatch.render.units import balance
    from hitwatch.run.earlier import is_earlier
    from hitwatch.run.parse import Parsing, convert, kind_of, rejects_to
    from hitwatch.sources.discovery import find_logs

    stop = Stop()
    stop_on_signals(stop)
    kind = kind_of(output, output_format)
    only_text_on_terminals(kind, output)
    chosen = [name.strip() for name in columns.split(",")] if columns else None
    words["line_numbers"] = line_numbers or bool(chosen and "line_number" in chosen)
    tell = silent if quiet else notify
    paths = find_logs(sources, live=False)
    with Outputs(stop.is_set) as outputs:
        settings = begin(outputs, words, paths)
        hit_filter = filter_options_of(words, settings).hit_filter()
        pipeline = replace(read_pipeline(words, settings), hit_filter=hit_filter)
        parsing = Parsing(
            paths=paths,
            reader_of=readers_of(words, settings, chosen, pipeline, tell),
            notify=tell,
            warn=notify,
            stopped=stop.is_set,
            columns=chosen,
            further=all_fields,
            line_numbers=words["line_numbers"],
        )
        if rejects:
            kept = outputs.open_replacement(
                rejects, is_earlier("rejects", rejects), overwrite=overwrite
            )
            parsing.on_reject = rejects_to(kept)
        rows: IO[bytes] = sys.stdout.buffer
        if output:
            rows = outputs.open_replacement(output, is_earlier(kind, output), overwrite=overwrite)
        convert(parsing, kind, rows)
        unread = parsing.failures and not parsing.balance.lines
        finish(outputs, stopped=stop.is_set(), unread=bool(unread))
    found = parsing.balance
    parsing.notify(balance(found))
    if parsing.failures:
        return UNREADABLE
    too_many = max_rejects is not None and found.rejects > max_rejects
    if too_many:
        notify(f"{found.rejects:,} lines were rejected, more than {max_rejects:,}")
    return CONDITION_MET if too_many else FINE


def only_text_on_terminals(kind: str, output: Path | None) -> None:
    """Refuse to write what is no text to a terminal."""
    if kind in ("parquet", "arrow") and str(output or "-") == "-" and sys.stdout.isatty():
        raise UsageError(f"{kind} is no text for a terminal", hint=f"name a file: -o rows.{kind}")


@click.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option(
    "--output-format",
    type=click.Choice(["text", "jsonl"]),
    default="text",
    help="How to say it [default: text].",
)
@click.option("--line", metavar="LINE", help="Explain one line, with its values; - reads it.")
@format_options
@own_log_options
def detect(sources: tuple[str, ...], *, output_format: str, line: str | None, **words: Any) -> int:
    """Say which format a log is in, what each field means, and what does not fit."""
    from hitwatch.hits.explain import explain
    from hitwatch.outputs.outputs import Outputs
    from hitwatch.render.detection import to_json, to_text
    from hitwatch.run.inputs import head_of
    from hitwatch.sources.discovery import find_logs

    if line is not None and sources:
        raise UsageError("--line takes the place of a log", hint="leave the logs away")
    paths = [] if line is not None else find_logs(sources, live=False)
    settings = begin(Outputs(), words, paths)
    readers = readers_of(words, settings, None)
    if line is not None:
        return explain_line(line, readers, output_format)
    code = FINE
    damaged: list[InputError] = []
    for path in paths:
        try:
            found = explain(path, head_of(path, damaged.append, notify), readers(path))
        except InputError as error:
            notify(str(error))
            code = UNREADABLE
            continue
        if found is None:
            continue
        click.echo(to_json(found) if output_format == "jsonl" else to_text(found))
        if not (found.known and found.fitting):
            code = UNREADABLE
    for damage in damaged:
        notify(str(damage))
    return UNREADABLE if damaged else code


def explain_line(text: str, readers: Readers, output_format: str) -> int:
    """Say how one line is read: its format, the value of each column, or where it stops to fit.

    Args:
        text: the line, or ``-``: the first lines of standard input are taken together, so that
            a header may stand in front.
        readers: gives what reads it.
        output_format: ``text`` or ``jsonl``.

    """
    from hitwatch.hits.explain import explain
    from hitwatch.render.detection import line_to_text, to_json
    from hitwatch.run.inputs import head_of

    data = head_of("-") if text == "-" else text.encode("utf-8", "surrogateescape") + b"\n"
    found = explain("line", data, readers("line"), per_column=True)
    if found is None:
        raise UsageError("there is no line to explain", hint="--line '192.0.2.1 - - [...] ...'")
    click.echo(to_json(found) if output_format == "jsonl" else line_to_text(found), nl=False)
    return FINE if found.fitting else UNREADABLE


@click.command()
@click.argument("name", required=False)
@click.option(
    "--output-format",
    type=click.Choice(["text", "md"]),
    default="text",
    help="How to list them; md has who writes them, units and guesses [default: text].",
)
def formats(name: str | None, output_format: str) -> None:
    """List the known formats, or say all about one."""
    from hitwatch.formats.registry import builtin, by_name, name_only
    from hitwatch.lookup.user_formats import register_user_formats
    from hitwatch.render.catalogue import format_to_text, formats_to_markdown, formats_to_text

    register_user_formats(os.environ)
    if name:
        chosen = by_name(name)
        said = formats_to_markdown([chosen]) if output_format == "md" else format_to_text(chosen)
    else:
        known = [*builtin().values(), *name_only().values()]
        said = formats_to_markdown(known) if output_format == "md" else formats_to_text(known)
    click.echo(said, nl=False)
