"""A report as a text of the user's own: a Jinja template, in a sandbox.

It sees what JSON has, under the same keys, and can read or change nothing else.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from hitwatch.errors import UsageError
from hitwatch.instants import from_datetime
from hitwatch.readmodel import Report
from hitwatch.render import units
from hitwatch.render.report_json import to_object
from hitwatch.zones import Zone

_MARKUP = (".html", ".htm", ".xml")
"""Endings in a template's name by which what a log holds is escaped in it."""


class OwnText:
    """A template that has been read.

    Args:
        text: of the template (https://jinja.palletsprojects.com/templates/).
        name: of its file, for errors; where it has an ending of markup, values are escaped.

    Raises:
        UsageError: it is no template.

    """

    def __init__(self, text: str, name: str) -> None:
        self._name = name
        environment = ImmutableSandboxedEnvironment(
            autoescape=any(ending in name.lower() for ending in _MARKUP),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        environment.filters |= {
            "size": units.size,
            "percent": units.percent,
            "duration": units.duration,
            "thousands": "{:,}".format,
            "decoded": units.decoded,
        }
        try:
            self._template: Template = environment.from_string(text)
        except TemplateSyntaxError as error:
            raise UsageError(
                "the template makes no sense",
                where=f"{name}:{error.lineno}",
                why=error.message or "",
            ) from error

    def draw(self, report: Report) -> str:
        """The text of a report.

        Args:
            report: whose keys of JSON the template names; control characters of a log are spelled
                out.

        Raises:
            UsageError: it asks for what there is not, or what it may not do.

        """
        values = _printable(msgspec.to_builtins(to_object(report)))
        try:
            return self._template.render(
                values, time=lambda text: _clock_time(text, report.zone), report=values
            )
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise UsageError(
                "the template cannot be filled in",
                where=f"{self._name}:{_line_of(error)}",
                why=str(error),
                hint="its names are those of --output-format json (docs/report.md)",
            ) from error


def _clock_time(text: str | None, zone: Zone) -> str:
    """A time of the JSON report as people read it; nothing of none."""
    return units.clock_time(from_datetime(datetime.fromisoformat(text)), zone) if text else ""


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return units.printable(value)
    if isinstance(value, dict):
        return {units.printable(str(key)): _printable(each) for key, each in value.items()}
    return [_printable(each) for each in value] if isinstance(value, list) else value


def _line_of(error: Exception) -> int:
    """The line of the template in which an error came up; Jinja puts it into the trace."""
    line, trace = 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
