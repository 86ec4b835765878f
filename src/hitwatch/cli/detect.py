"""Commands about formats: detect and formats."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from hitwatch.cli.console import FINE, UNREADABLE, notify
from hitwatch.cli.flags import flags
from hitwatch.cli.outputs import begin
from hitwatch.errors import InputError, UsageError
from hitwatch.options.groups import DetectOptions, FormatsOptions, Options
from hitwatch.options.shared import LogOptions, ReadOptions

if TYPE_CHECKING:
    from hitwatch.run.readers import Readers


@click.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@flags(DetectOptions, ReadOptions, LogOptions)
def detect(sources: tuple[str, ...], options: Options) -> int:
    """Say which format a log is in, and what does not fit.

    What each field means, which column it becomes, and an example of it.
    """
    from hitwatch.hits.explain import explain
    from hitwatch.outputs.outputs import Outputs
    from hitwatch.render.detection import to_json, to_text
    from hitwatch.run.inputs import head_of
    from hitwatch.run.wiring import readers_of
    from hitwatch.sources.discovery import find_logs

    line, output_format = options.detect.line, options.detect.output_format
    if line is not None and sources:
        raise UsageError("--line takes the place of a log", hint="leave the logs away")
    paths = [] if line is not None else find_logs(sources, live=False)
    begin(Outputs(), options, paths)
    readers = readers_of(options)
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
@flags(FormatsOptions)
def formats(name: str | None, options: Options) -> None:
    """List the known formats, or say all about one."""
    from hitwatch.formats.registry import builtin, by_name, name_only
    from hitwatch.lookup.user_formats import register_user_formats
    from hitwatch.render.catalogue import format_to_text, formats_to_markdown, formats_to_text

    register_user_formats(os.environ)
    markdown = options.formats.output_format == "md"
    if name:
        chosen = by_name(name)
        said = formats_to_markdown([chosen]) if markdown else format_to_text(chosen)
    else:
        known = [*builtin().values(), *name_only().values()]
        said = formats_to_markdown(known) if markdown else formats_to_text(known)
    click.echo(said, nl=False)
