"""The commands, each imported when it is called; ``--help`` knows them without."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import Any, NamedTuple

import click

COMPLETION_VARIABLE = "_HITWATCH_COMPLETE"
"""By which a shell asks what completes a line."""


class _Entry(NamedTuple):
    """Where a command is, and the first sentence of its help."""

    module: str
    summary: str


_ENTRIES = {
    "bench": _Entry("simulate", "Measure how fast this machine reads, parses, counts and watches."),
    "completion": _Entry("completion", "Print what makes a shell complete commands and values."),
    "demo": _Entry("simulate", "Simulate a site with a traffic surge and watch it."),
    "detect": _Entry("detect", "Say which format a log is in, and what does not fit."),
    "formats": _Entry("detect", "List the known formats, or say all about one."),
    "parse": _Entry("parse", "Turn log lines into rows: JSON lines, CSV, Parquet or Arrow."),
    "query": _Entry("query", "Run SQL over logs: one SELECT over the table hits."),
    "replay": _Entry("watch", "Play old logs through the same engine, on the log's own clock."),
    "report": _Entry("report", "One report over whole logs."),
    "simulate": _Entry("simulate", "Write synthetic traffic with known incidents."),
    "watch": _Entry("watch", "Follow logs live: figures every 10 s, and alerts as they come."),
}


class _Imported(MutableMapping[str, click.Command]):
    """Commands by name, imported when they are asked for."""

    def __init__(self) -> None:
        self._added: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._added:
            module = import_module(f"hitwatch.cli.{_ENTRIES[name].module}")
            self._added[name] = getattr(module, name)
        return self._added[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._added[name] = command

    def __delitem__(self, name: str) -> None:
        del self._added[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_ENTRIES)

    def __len__(self) -> int:
        return len(_ENTRIES)


class Commands(click.Group):
    """All commands."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{**settings, "commands": _Imported()})

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words behind ``hitwatch``; where they name no command, choose one."""
        first = args[0] if args else ""
        if first and first not in _ENTRIES and first not in self._own_flags(ctx):
            args = self._with_command(ctx, args)
        return super().parse_args(ctx, args)

    def _own_flags(self, ctx: click.Context) -> set[str]:
        return {flag for param in self.get_params(ctx) for flag in param.opts}

    def _with_command(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The same words behind the command that they are for."""
        # Few leave the command away, and the others need not wait for what chooses it.
        from hitwatch.cli.console import notify
        from hitwatch.cli.obvious import meant, unknown_word

        commands = {name: self.commands[name] for name in ("watch", "report")}
        choice = meant(args, commands, tuple(_ENTRIES))
        if choice is None:
            if args[0].startswith("-"):
                return args
            raise click.UsageError(unknown_word(args[0], tuple(_ENTRIES)), ctx)
        if "--quiet" not in args:
            notify(choice.said(args))
        return [choice.command, *args]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in _ENTRIES.items()])
