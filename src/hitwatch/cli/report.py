"""The command that makes one report over whole logs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TextIO

import click
from msgspec.structs import replace

from hitwatch.cli.console import CONDITION_MET, FINE, UNREADABLE, ProgressBar, console_of
from hitwatch.cli.flags import flags
from hitwatch.cli.outputs import begin, finish, only_text_on_terminals, open_output
from hitwatch.cli.report_by import check_outputs, files_of
from hitwatch.cli.signals import stop_on_signals
from hitwatch.errors import UsageError
from hitwatch.options.groups import REPORT_KINDS, Options, ReportOptions
from hitwatch.options.shared import (
    FilterOptions,
    LogOptions,
    PrivacyOptions,
    ReadOptions,
    RuleOptions,
)

if TYPE_CHECKING:
    from pathlib import Path

    from hitwatch.readmodel import Report
    from hitwatch.render.template import OwnText
    from hitwatch.run.report import Reporting
    from hitwatch.stats.dimension import Panel
    from hitwatch.tally import Balance

_ON_SCREEN, _IN_FILES = 10, 1000
"""How many rows of a panel are shown unless somebody says it."""
_ENDINGS = {".txt": "text"} | {f".{kind}": kind for kind in REPORT_KINDS if kind != "text"}


@click.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@flags(ReportOptions, FilterOptions, RuleOptions, PrivacyOptions, ReadOptions, LogOptions)
def report(sources: tuple[str, ...], options: Options) -> int:
    """One report over whole logs.

    Who asked for what, what failed, what was slow. Several files are read in the
    order of their times, compressed ones as they are.
    """
    stop = stop_on_signals()

    from pathlib import Path

    from hitwatch.outputs.outputs import Outputs
    from hitwatch.render.outputs import write
    from hitwatch.run.scopes import WITHOUT
    from hitwatch.run.wiring import reporting_of
    from hitwatch.sources.discovery import find_logs

    chosen, asked = _with_top(options), options.report
    wanted = chosen.report
    paths = find_logs(sources, live=False)
    door = Outputs(stop.is_set)
    begin(door, chosen, paths)
    own = _own_text(wanted)
    outputs = [(Path(name), _kind_of(Path(name), wanted)) for name in wanted.output]
    only_text_on_terminals(wanted.output_format, None, "report")
    if wanted.by:
        check_outputs(wanted.output, wanted.output_format)
    with door:
        # Of each host there is a file, and which hosts there are is known when all is read.
        files = [
            (open_output(door, path, kind, overwrite=wanted.overwrite), kind)
            for path, kind in outputs
            if not wanted.by
        ]
        # What a pipe brings is read for its format; whoever waits for the outputs has them by then.
        reporting, view = reporting_of(chosen, paths, console_of(wanted, stop))
        progress = ProgressBar.over(paths, quiet=wanted.quiet)
        if progress:
            reporting.progress = progress.advance
        reports = reporting.make_each(view)
        if progress:
            progress.clear()
        if reporting.failures and not reporting.balance.lines:
            return UNREADABLE
        for made in list(reports.values())[:1]:
            _tell_absent(reporting, made, wanted.panel)
        if reports.keys() == {WITHOUT}:
            reporting.notify("none of the hits says which host it was for")

        def drawn(made: Report, kind: str) -> bytes:
            page = _on_a_page(made, kind, reporting.panels, asked)
            return own.draw(page).encode() if own and kind == "template" else _drawn(page, kind)

        for file, kind in files:
            write(file, drawn(reports[""], kind))
        for path, kind in outputs if wanted.by else ():
            for host, name in files_of(str(path), reports).items():
                file = open_output(door, name, kind, overwrite=wanted.overwrite)
                write(file, drawn(reports[host], kind))
        finish(door, stopped=stop.is_set(), unread=False)
    shown = {
        key: _on_a_page(made, wanted.output_format, reporting.panels, asked)
        for key, made in reports.items()
    }
    unnamed = any(_is_unnamed(path) for path, _ in outputs)
    _show(shown, reporting.balance, wanted, own, unnamed=unnamed)
    if reporting.failures:
        return UNREADABLE
    fired = any(made.alerts for made in reports.values())
    return CONDITION_MET if wanted.fail_on_alert and fired else FINE


def _with_top(options: Options) -> Options:
    """The same; where nobody says how many rows, what fits a screen, or what a file can hold."""
    chosen = options.report
    if chosen.top is not None:
        return options
    on_screen = chosen.output_format in (None, "text") and not chosen.output
    top = _ON_SCREEN if on_screen else _IN_FILES
    return replace(options, report=replace(chosen, top=top))


def _on_a_page(
    made: Report, kind: str | None, panels: Iterable[Panel], asked: ReportOptions
) -> Report:
    """The same; of what people read on a page with as many rows as a screen has, unless asked."""
    if kind != "md" or asked.top is not None:
        return made
    in_order = {panel.name for panel in panels if panel.sort == "key"}
    return made.with_rows(_ON_SCREEN, but=in_order | asked.tops.keys())


def _tell_absent(reporting: Reporting, made: Report, chosen: tuple[str, ...]) -> None:
    """Say which panels were asked for and are not there, and why."""
    for panel in reporting.panels:
        if panel.name in chosen and panel.dimension.column in made.absent:
            reporting.notify(
                f"there is no panel {panel.name}: none of the logs has {panel.dimension.column}"
            )


def _own_text(wanted: ReportOptions) -> OwnText | None:
    """The template that is asked for; ``None``: there is none."""
    if wanted.template is None:
        return None
    from pathlib import Path

    from hitwatch.render.template import OwnText

    if wanted.output_format not in (None, "text"):
        raise UsageError(
            "a template writes text", where=f"--template, --output-format {wanted.output_format}"
        )
    try:
        text = Path(wanted.template).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("cannot be read", where=wanted.template, why=str(error)) from error
    return OwnText(text, wanted.template)


def _show(
    reports: Mapping[str, Report],
    whole: Balance,
    wanted: ReportOptions,
    own: OwnText | None,
    *,
    unnamed: bool,
) -> None:
    """Write the report, or that of each host, to standard output, if it goes there.

    Args:
        reports: the report, or those of hosts.
        whole: what became of every line.
        wanted: as what.
        own: the template of its text.
        unnamed: whether it went to a stream whose name says no kind, and so as that already.

    """
    from hitwatch.render.outputs import standard_output, terminal_width, wants_color, write

    if wanted.output_format not in (None, "text"):
        if not unnamed:
            write(sys.stdout.buffer, _drawn_all(reports, whole, wanted.output_format))
    elif wanted.output_format or not wanted.output:
        from hitwatch.render.report_text import to_text

        stream = standard_output()
        color = wants_color(wanted.color, stream, dict(os.environ))
        width = terminal_width(stream, os.environ)
        texts = [
            own.draw(made) if own else to_text(made, color=color, width=width)
            for made in reports.values()
        ]
        if wanted.by:
            from hitwatch.render import hosts

            text = hosts.to_text(reports, whole, texts, color=color)
        else:
            (text,) = texts
        if wanted.pager and _is_higher(text, stream):
            # Of colours it finds out itself what the pager can; the last line end it adds.
            click.echo_via_pager(text.removesuffix("\n"), color=None if color else False)
        else:
            write(stream, text)


def _drawn_all(reports: Mapping[str, Report], whole: Balance, kind: str) -> bytes:
    """The report, or those of hosts together."""
    if "" in reports:
        return _drawn(reports[""], kind)
    from hitwatch.render import hosts

    text = hosts.to_json(reports, whole) if kind == "json" else hosts.to_markdown(reports)
    return text.encode("utf-8", "backslashreplace")


def _is_higher(text: str, stream: TextIO) -> bool:
    """Whether a text has more lines than the terminal that it goes to; it may be none."""
    if not (stream.isatty() and sys.stdin.isatty()):
        return False
    try:
        return text.count("\n") >= os.get_terminal_size(stream.fileno()).lines
    except OSError:
        return False


def _drawn(made: Report, kind: str) -> bytes:
    """A report as a kind of output; what draws files is loaded when there is one."""
    from hitwatch.render.reports import OUTPUTS

    return OUTPUTS[kind](made)


def _kind_of(path: Path, wanted: ReportOptions) -> str:
    """What a file's ending asks for; a stream without one takes what is named, else text.

    A template writes text, and whatever ends in nothing that is known.
    """
    own = wanted.template is not None
    if _is_unnamed(path):
        return "template" if own else wanted.output_format or "text"
    if own and _ENDINGS.get(path.suffix.lower(), "text") == "text":
        return "template"
    if path.suffix.lower() not in _ENDINGS:
        raise UsageError(
            f"no output ends in {path.suffix!r}",
            where=str(path),
            hint=f"known: {', '.join(_ENDINGS)}",
        )
    return _ENDINGS[path.suffix.lower()]


def _is_unnamed(path: Path) -> bool:
    """Whether it is a stream whose name says no kind."""
    from hitwatch.outputs.target import accepts_any_extension

    return path.suffix.lower() not in _ENDINGS and accepts_any_extension(path)
