"""The time zone of this machine."""

from __future__ import annotations

import os
import time
from pathlib import Path

from hitwatch.instants import SECOND, Instant
from hitwatch.zones import IN_UTC, Zone, tabulate_offsets

_LINK = Path("/etc/localtime")
_DATABASE = "/zoneinfo/"
_YEARS_BEHIND, _YEARS_AHEAD = 20, 5
"""How many years before and after the present the zone is tabulated for."""


def local_zone() -> Zone:
    """What the C library takes for local time: ``TZ``, else the link ``/etc/localtime``."""
    year = time.gmtime().tm_year
    first, last = year - _YEARS_BEHIND, year + _YEARS_AHEAD
    zone = tabulate_offsets(_name(), _offset, first_year=first, last_year=last)
    return IN_UTC if zone.offsets == IN_UTC.offsets else zone


def _offset(instant: Instant) -> int:
    return time.localtime(instant // SECOND).tm_gmtoff


def _name() -> str:
    """Its name in the tz database, where it is of there."""
    said = os.environ.get("TZ", "").removeprefix(":")
    if said and not said.startswith("/"):
        return said
    _, known, name = os.path.realpath(said or _LINK).rpartition(_DATABASE)
    return name if known else "local time"
