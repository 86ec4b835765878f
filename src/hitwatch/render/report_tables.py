"""A report as tables: CSV, Parquet and Markdown."""

from __future__ import annotations

import csv
import io
from itertools import chain
from typing import Any

from hitwatch.formats.columns import Column, ColumnType
from hitwatch.readmodel import PanelRows, Report
from hitwatch.render.panels import COUNTS, TIMES, change, key_of, times, titles
from hitwatch.render.report_text import alert_lines, head_lines
from hitwatch.render.spreadsheets import no_formula
from hitwatch.render.units import markdown, percent, size
from hitwatch.stats.metric import BY_NAME, METRICS
from hitwatch.stats.rows import OfKind, PanelRow
from hitwatch.stats.user_agents import KINDS
from hitwatch.tables.rows import write_parquet

_COMPARED = ("hits", "visitors", "bytes", "errors_4xx", "errors_5xx")
"""Metrics of which it is told what they were in the time that is compared with."""

_PREVIOUS = tuple(f"previous_{name}" for name in _COMPARED)

_OF_KINDS = tuple(f"{kind}_{of}" for kind in KINDS for of in ("hits", "visitors", "bytes"))


def to_csv(report: Report) -> str:
    """All panels in one table (RFC 4180).

    What a spreadsheet would take for a formula stands behind an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["panel", "key", *BY_NAME, *_OF_KINDS, *_PREVIOUS])
    for row in to_rows(report):
        writer.writerow([row["panel"], no_formula(row["key"]), *list(row.values())[3:]])
    return out.getvalue()


def to_rows(report: Report) -> list[dict[str, Any]]:
    """All rows of all panels, each with the same columns; what is not known is ``None``."""
    return [
        {
            "panel": panel.name,
            "key": row.key,
            "name": row.note or None,
            **{metric.name: metric.read(row) for metric in METRICS},
            **_kinds(row),
            **{
                f"previous_{name}": BY_NAME[name].read(row.previous) if row.previous else None
                for name in _COMPARED
            },
        }
        for panel in report.panels
        for row in panel.rows
    ]


def _kinds(row: PanelRow) -> dict[str, int]:
    """What is told of each kind of programs; zeros where there were none."""
    none = OfKind(0, 0, 0)
    known = ((name, row.kinds.get(name, none)) for name in KINDS)
    figures = ((each.hits, each.visitors, each.bytes) for _, each in known)
    return dict(zip(_OF_KINDS, chain.from_iterable(figures), strict=True))


def to_parquet(report: Report) -> bytes:
    """All panels in one table, as Parquet."""
    types = dict.fromkeys(("panel", "key", "name"), ColumnType.TEXT)
    for metric in METRICS:
        whole = metric.unit not in ("s", "share")
        types[metric.name] = ColumnType.INTEGER if whole else ColumnType.FLOAT
    types |= dict.fromkeys((*_OF_KINDS, *_PREVIOUS), ColumnType.INTEGER)
    columns = [Column(name, kind, "") for name, kind in types.items()]
    out = io.BytesIO()
    write_parquet(to_rows(report), columns, out)
    return out.getvalue()


def to_markdown(report: Report, title: str = "Access log report") -> str:
    """Headings and tables (GitHub-flavoured)."""
    lines = [
        f"# {title}",
        "",
        *(f"- {markdown(line.strip())}" for line in head_lines(report)),
    ]
    for panel in report.panels:
        timed = any(row.duration for row in panel.rows)
        heads = ["hits", *(["change"] if panel.compared else [])]
        heads += titles((*COUNTS, *(TIMES if timed else ())))
        lines += ["", f"## {panel.title}", "", f"| | {' | '.join(heads)} |"]
        lines.append("|---|" + "---:|" * len(heads))
        lines += [_markdown(panel, row, timed=timed) for row in panel.rows]
    first, *rest = alert_lines(report)
    lines += ["", "## Alerts", "", first, *(f"- {line.strip()}" for line in rest)]
    return "\n".join(lines) + "\n"


def _markdown(panel: PanelRows, row: PanelRow, *, timed: bool) -> str:
    cells = [markdown(key_of(panel, row)), f"{row.hits:,}"]
    if panel.compared:
        cells.append(change(row.hits, row.previous.hits if row.previous else 0))
    cells += [f"{row.visitors:,}", size(row.bytes), f"{row.errors_4xx:,}", f"{row.errors_5xx:,}"]
    cells.append(percent(row.bots / row.hits if row.hits else 0))
    if timed:
        cells += times(row)
    return f"| {' | '.join(cells)} |"
