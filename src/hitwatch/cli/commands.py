"""The commands, each imported when it is called; ``--help`` knows them without."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import Any, NamedTuple

import click


class _Entry(NamedTuple):
    """Where a command is, and the first sentence of its help."""

    module: str
    summary: str


_ENTRIES = {
    "bench": _Entry("simulate", "Measure how fast this machine reads, parses, counts and watches."),
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

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in _ENTRIES.items()])
