"""The fields that format files may name: how each is written and which column it fills.

A format may use a field under its plain name, ``{status}``, or under a name of its own
with a kind from here, ``{sc_win32_status:integer}``, which becomes a column of that name.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """How the text of a field is read, under the name the kernel knows it by."""

    SKIP = "skip"
    TEXT = "text"
    REQUEST = "request"
    INTEGER = "integer"
    SECONDS = "seconds"
    TIME = "time"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Reading:
    """How one field is read.

    Attributes:
        kind: how its text is read.
        column: the column it fills; ``None`` where it fills none or several.
        per_second: how many units of a duration make a second; ``None`` where the text tells
            (with a point seconds, else microseconds).
        dash_is_zero: whether ``-`` stands for 0, as in CLF's ``%b``.
        listed: whether several durations may stand in it, to be summed.
        port_column: where the port of an address goes.

    """

    kind: Kind
    column: str | None = None
    per_second: float | None = None
    dash_is_zero: bool = False
    listed: bool = False
    port_column: str | None = None


FIELDS: dict[str, Reading] = {
    "client": Reading(Kind.TEXT, "client"),
    "client_address": Reading(Kind.ADDRESS, "client", port_column="client_port"),
    "ident": Reading(Kind.SKIP),
    "user": Reading(Kind.TEXT, "user"),
    "time": Reading(Kind.TIME, "time"),
    "request": Reading(Kind.REQUEST),
    "status": Reading(Kind.INTEGER, "status"),
    "bytes": Reading(Kind.INTEGER, "bytes"),
    "bytes_clf": Reading(Kind.INTEGER, "bytes", dash_is_zero=True),
    "referrer": Reading(Kind.TEXT, "referrer"),
    "user_agent": Reading(Kind.TEXT, "user_agent"),
    "host": Reading(Kind.TEXT, "host"),
    "host_address": Reading(Kind.ADDRESS, "host", port_column="port"),
    "duration": Reading(Kind.SECONDS, "duration_s"),
    "duration_s": Reading(Kind.SECONDS, "duration_s", per_second=1),
    "duration_ms": Reading(Kind.SECONDS, "duration_s", per_second=1e3),
    "duration_us": Reading(Kind.SECONDS, "duration_s", per_second=1e6),
    "duration_ns": Reading(Kind.SECONDS, "duration_s", per_second=1e9),
    "upstream_duration_s": Reading(Kind.SECONDS, "upstream_duration_s", per_second=1, listed=True),
    "upstream_duration_ms": Reading(Kind.SECONDS, "upstream_duration_s", per_second=1e3),
    "skip": Reading(Kind.SKIP),
}
"""Fields by the names that format files use; ``{name:kind}`` makes others."""
