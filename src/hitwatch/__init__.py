"""hitwatch: follows HTTP access logs, says what happens, raises and clears alerts.

In Python (docs/python.md)::

    import hitwatch

    hits = hitwatch.scan("access.log*")      # a Polars LazyFrame, read when it is collected
    found = hitwatch.report("access.log*")   # totals, panels and alerts as plain values

Nothing is imported before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hitwatch.errors import HitwatchError
    from hitwatch.readmodel import Report
    from hitwatch.run.api import report, scan
    from hitwatch.run.parse import RejectedLine

__version__ = "0.1.0"

__all__ = [
    "DamageWarning",
    "HitwatchError",
    "RejectedLine",
    "Report",
    "__version__",
    "report",
    "scan",
]

_PLACES = {
    "DamageWarning": "errors",
    "HitwatchError": "errors",
    "RejectedLine": "run.parse",
    "Report": "readmodel",
    "report": "run.api",
    "scan": "run.api",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
