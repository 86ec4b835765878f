"""Reports of several virtual hosts together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from hitwatch.readmodel import Report
from hitwatch.render import report_tables
from hitwatch.render.report_json import indented, to_object
from hitwatch.render.text import BOLD, marked
from hitwatch.render.units import balance, count, markdown, printable
from hitwatch.tally import Balance


def to_text(
    reports: Mapping[str, Report], whole: Balance, texts: Iterable[str], color: bool
) -> str:
    """All of them for people, each below the name of its host.

    Args:
        reports: by host.
        whole: what became of every line.
        texts: the reports as text.
        color: whether for a terminal that shows colours.

    """
    parts = [f"{balance(whole)}, of {count(len(reports), 'host')}\n"]
    for (host, made), text in zip(reports.items(), texts, strict=True):
        title = f"=== {printable(host)}: {count(made.hits, 'hit')}"
        parts.append(f"{marked(title, BOLD, color)}\n{text}")
    return "\n".join(parts)


def to_markdown(reports: Mapping[str, Report]) -> str:
    """All of them as Markdown."""
    return "\n".join(
        report_tables.to_markdown(made, f"Access log report of {markdown(host)}")
        for host, made in reports.items()
    )


def to_json(reports: Mapping[str, Report], whole: Balance) -> str:
    """All of them as one JSON object."""
    objects = [
        {"host": host, **msgspec.to_builtins(to_object(made))} for host, made in reports.items()
    ]
    return indented({"by": "host", **msgspec.structs.asdict(whole), "reports": objects})
