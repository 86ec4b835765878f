"""Where addresses are, as databases in MaxMind's format know it: the one door to maxminddb."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import maxminddb

from hitwatch.errors import UsageError
from hitwatch.select.networks import Address, parse_address
from hitwatch.stats.dimension import UNKNOWN, Label

PRIVATE = "(private)"
"""Key of addresses that are in no public network."""

_CACHE_SIZE = 1 << 16
"""Addresses of which a place is remembered."""
_MAX_NAME = 100
"""Characters of a name in a database that are taken over."""


def open_databases(paths: Sequence[str]) -> dict[str, Place]:
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
    readers: dict[str, list[Database]] = {}
    for path in paths:
        database = Database(path)
        for panel in database.panels:
            readers.setdefault(panel, []).append(database)
    return {panel: Place(panel, tuple(known)) for panel, known in readers.items()}


# What the reader lets through when a damaged file leads it astray, its own error apart.
_DAMAGES = (
    maxminddb.InvalidDatabaseError,
    *(OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError, struct.error),
)


class Database:
    """One file; it is the same as another with the same ``identity``.

    Attributes:
        identity: its kind, such as ``GeoLite2-City``, when it was made, and its size.
        panels: those that it has something to say for.
        key_of: as ``_key_of``, for many addresses without looking.

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
        kind = str(metadata.database_type)
        self.identity = f"{kind} {metadata.build_epoch} {metadata.node_count}"
        self.panels = _panels_of(kind)
        self.key_of = lru_cache(maxsize=_CACHE_SIZE)(self._key_of)
        if not self.panels:
            raise UsageError(
                f"unsupported database type {kind!r}",
                where=path,
                hint="use a city, country or ASN database",
            )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Database) and self.identity == other.identity

    def __hash__(self) -> int:
        return hash(self.identity)

    def __reduce__(self) -> tuple[type[Database], tuple[str]]:
        # Another process opens the file itself.
        return Database, (self._path,)

    def _key_of(self, panel: str, text: str) -> str | None:
        """The key of an address as logged; ``None`` when there is none of it."""
        address = parse_address(text)
        return None if address is None else _KEYS[panel](self._record(address))

    def _record(self, address: Address) -> dict[str, Any]:
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


class Place(Label, frozen=True, tag="place"):
    """The place of an address as logged.

    Attributes:
        panel: what is said of it: ``countries``, ``cities`` or ``asns``.
        databases: that are asked, in this order.

    """

    panel: str
    databases: tuple[Database, ...]

    def __call__(self, value: str) -> str:
        """The key of an address."""
        keys = (database.key_of(self.panel, value) for database in self.databases)
        found = next((key for key in keys if key), None)
        if found:
            return found
        address = parse_address(value)
        return UNKNOWN if address is None or address.is_global else PRIVATE

    @property
    def stated(self) -> object:
        """What is said, and by which databases, wherever their files are."""
        return {"place": self.panel, "databases": [known.identity for known in self.databases]}


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
