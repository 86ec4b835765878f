"""Where addresses are, as databases in MaxMind's format know it: the one door to maxminddb."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import maxminddb

from hitwatch.errors import UsageError
from hitwatch.select.networks import Address, parse_address
from hitwatch.stats.dimension import UNKNOWN

PRIVATE = "(private)"
"""Key of addresses that are in no public network."""

Lookup: TypeAlias = Callable[[str], str]
"""Gives the key of an address as logged."""

_CACHE_SIZE = 1 << 16
"""Addresses of which a place is remembered."""
_MAX_NAME = 100
"""Characters of a name in a database that are taken over."""


def open_databases(paths: Sequence[str]) -> dict[str, Lookup]:
    """Open databases of countries, cities and networks.

    Args:
        paths: files in the MaxMind DB format; of several that know the same, the first that
            knows an address counts.

    Returns:
        What makes keys out of addresses, by name of the panel: ``countries`` (``DE Germany``),
        ``cities`` (``Berlin, DE``), ``asns`` (``AS3320 Deutsche Telekom AG``). Addresses that no
        database knows become ``(unknown)`` or ``(private)``.

    Raises:
        UsageError: a file cannot be read, is damaged or knows none of these. What opening
            does not show is raised when an address is asked for.

    """
    readers: dict[str, list[_Database]] = {}
    for path in paths:
        database = _Database(path)
        for panel in database.panels:
            readers.setdefault(panel, []).append(database)
    return {panel: _lookup(known, _KEYS[panel]) for panel, known in readers.items()}


# What the reader lets through when a damaged file leads it astray, its own error apart.
_DAMAGES = (
    maxminddb.InvalidDatabaseError,
    *(OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError, struct.error),
)


class _Database:
    """One file.

    Attributes:
        panels: those that it has something to say for.

    """

    def __init__(self, path: str) -> None:
        self._path = path
        try:
            # The reader in C can crash the process on a damaged file; the one in Python cannot.
            self._reader = maxminddb.open_database(path, maxminddb.MODE_MMAP)
            metadata = self._reader.metadata()
        except _DAMAGES as error:
            raise self._read_error(error) from error
        self._six = metadata.ip_version == 6
        self.panels = _panels_of(str(metadata.database_type))
        if not self.panels:
            raise UsageError(
                f"unsupported database type {metadata.database_type!r}",
                where=path,
                hint="use a city, country or ASN database",
            )

    def record(self, address: Address) -> dict[str, Any]:
        """What is known of an address; nothing: an empty record."""
        if address.version == 6 and not self._six:
            return {}
        try:
            found = self._reader.get(address)
        except _DAMAGES as error:
            raise self._read_error(error) from error
        return found if isinstance(found, dict) else {}

    def _read_error(self, error: Exception) -> UsageError:
        return UsageError(
            "cannot be read as a MaxMind database",
            where=self._path,
            why=getattr(error, "strerror", None) or str(error),
            hint="use an uncompressed file in the MaxMind DB format (.mmdb)",
        )


def _panels_of(kind: str) -> tuple[str, ...]:
    """The panels that a kind of database, such as ``GeoLite2-City``, can fill."""
    if any(word in kind for word in ("City", "Enterprise", "Insights")):
        return ("countries", "cities")
    if "Country" in kind:
        return ("countries",)
    return ("asns",) if "ASN" in kind or "ISP" in kind else ()


def _lookup(
    databases: Sequence[_Database], key_of: Callable[[dict[str, Any]], str | None]
) -> Lookup:
    @lru_cache(maxsize=_CACHE_SIZE)
    def look_up(text: str) -> str:
        address = parse_address(text)
        if address is None:
            return UNKNOWN
        keys = (key_of(database.record(address)) for database in databases)
        found = next((key for key in keys if key), None)
        return found or (UNKNOWN if address.is_global else PRIVATE)

    return look_up


def _country(record: dict[str, Any]) -> str | None:
    code = _country_code(record)
    name = _name(record, "country") or _name(record, "registered_country")
    return f"{code} {name}".strip() or None


def _city(record: dict[str, Any]) -> str | None:
    code, name = _country_code(record), _name(record, "city")
    return ", ".join(filter(None, (name or UNKNOWN, code))) if code or name else None


def _asn(record: dict[str, Any]) -> str | None:
    number = record.get("autonomous_system_number")
    name = _text(record.get("autonomous_system_organization"))
    return f"AS{number} {name}".strip() if isinstance(number, int) else None


_KEYS: dict[str, Callable[[dict[str, Any]], str | None]] = {
    "countries": _country,
    "cities": _city,
    "asns": _asn,
}


def _country_code(record: dict[str, Any]) -> str:
    for part in ("country", "registered_country"):
        if code := _text(_part(record, part).get("iso_code")):
            return code
    return ""


def _name(record: dict[str, Any], part: str) -> str:
    """The English name of a part, else the first there is."""
    names = _part(_part(record, part), "names")
    return _text(names.get("en") or next(iter(names.values()), ""))


def _part(record: dict[str, Any], name: str) -> dict[str, Any]:
    part = record.get(name)
    return part if isinstance(part, dict) else {}


def _text(value: object) -> str:
    return value[:_MAX_NAME] if isinstance(value, str) else ""
