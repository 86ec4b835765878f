"""Names of clients that were asked for before, in a file of the user's."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

NAMED_FOR = 7 * 86_400
"""Seconds for which a name is taken as it was."""

NAMELESS_FOR = 86_400
"""The same of an address that had none."""

MOST = 100_000
"""Addresses that are remembered."""

_MADE = (
    "CREATE TABLE IF NOT EXISTS names"
    " (address TEXT PRIMARY KEY, name TEXT, asked_at INTEGER NOT NULL) WITHOUT ROWID"
)
_KNOWN = "SELECT name FROM names WHERE address = ? AND asked_at > ? - iif(name IS NULL, ?, ?)"
_FORGOTTEN = (
    "DELETE FROM names WHERE asked_at <="
    " (SELECT asked_at FROM names ORDER BY asked_at DESC LIMIT 1 OFFSET ?)"
)


class NameCache:
    """Remembers names. Where its file cannot be used it remembers nothing, which costs time alone.

    Args:
        path: of the file; its folder is made.

    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def known(self, addresses: Iterable[str]) -> dict[str, str | None]:
        """What is known of addresses; ``None``: that they have no name."""
        now = int(time.time())
        try:
            with closing(self._open()) as database:
                found = {
                    address: database.execute(
                        _KNOWN, (address, now, NAMELESS_FOR, NAMED_FOR)
                    ).fetchone()
                    for address in addresses
                }
        except (OSError, sqlite3.Error):
            return {}
        return {address: row[0] for address, row in found.items() if row is not None}

    def remember(self, names: Mapping[str, str | None]) -> None:
        """Remember what was answered; of many the oldest are forgotten."""
        now = int(time.time())
        rows = [(address, name, now) for address, name in names.items()]
        try:
            with closing(self._open()) as database, database:
                database.executemany("INSERT OR REPLACE INTO names VALUES (?, ?, ?)", rows)
                database.execute(_FORGOTTEN, (MOST,))
        except (OSError, sqlite3.Error):
            return

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.touch(mode=0o600)
        database = sqlite3.connect(self._path, timeout=1.0)
        try:
            database.execute(_MADE)
        except sqlite3.Error:
            database.close()
            raise
        return database
