"""Files that rotation leaves beside a log, known by identity and content; reads only heads."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from msgspec import Struct

from hitwatch.follow.tracker import Identity
from hitwatch.sources.codec import detect_codec

_MOST = 1000
"""How many files beside a log are looked at; of more than these the names that sort last."""

_HEAD = 4096
"""First bytes by which a copy is known: more than the lines with which W3C logs all begin."""

_ADDED = r"(?:[-._]?[0-9][\w.:+-]*|\.old|\.bak)"
"""What rotation adds to a name: a number, a date or a time (logrotate, newsyslog, rotatelogs,
multilog, Java's and .NET's loggers), or ``.old``."""


class Sibling(Struct, frozen=True):
    """A file beside a log.

    Attributes:
        path: of the file.
        identity: which file it is.
        head: its first bytes.
        size: in bytes.
        modified_at: when it was last written, in nanoseconds.

    """

    path: str
    identity: Identity
    head: bytes
    size: int
    modified_at: int


class Siblings:
    """The files that rotation leaves beside a log.

    Their names say which they may be, and never in which order they came or whether they are
    known: numbers go up with some programs and down with others, and names are used again.

    Args:
        path: of the log.

    """

    def __init__(self, path: str) -> None:
        self._folder = Path(path).parent
        name, stem, suffix = Path(path).name, Path(path).stem, Path(path).suffix
        self._prefix = stem
        self._names = re.compile(
            f"{re.escape(name)}{_ADDED}|{re.escape(stem)}{_ADDED}{re.escape(suffix)}"
        )
        self._known: dict[Identity, bytes] | None = None

    def remember(self) -> None:
        """Take all that are there now as known, the first time; later ones have appeared."""
        if self._known is None:
            self._known = {sibling.identity: sibling.head for sibling in self._look()}

    def appeared(self) -> list[Sibling]:
        """Those that have come since they were last looked at, the one written first first.

        A copy of one that is known is not among them; compressed files are not, either.
        """
        now, known = self._look(), self._known or {}
        heads = set(known.values())
        new = [
            sibling
            for sibling in now
            # An inode is used again: then its text is another.
            if not sibling.head.startswith(known.get(sibling.identity, b"\n"))
            and sibling.head not in heads
        ]
        self._known = {sibling.identity: sibling.head for sibling in now}
        return sorted(new, key=lambda sibling: (sibling.modified_at, sibling.path))

    def _look(self) -> list[Sibling]:
        try:
            names = [each.name for each in self._folder.iterdir()]
        except OSError:
            return []
        fitting = sorted(
            name for name in names if name.startswith(self._prefix) and self._names.fullmatch(name)
        )
        found = (_sibling(self._folder / name) for name in fitting[-_MOST:])
        return [sibling for sibling in found if sibling and not detect_codec(sibling.head)]


def _sibling(path: Path) -> Sibling | None:
    """What there is to know of a file; ``None``: it is none, or gone or empty."""
    try:
        facts = path.stat()
        if not facts.st_size or not stat.S_ISREG(facts.st_mode):
            return None
        with path.open("rb", buffering=0) as file:
            head = file.read(_HEAD)
    except OSError:
        return None
    return Sibling(str(path), Identity.of(facts), head, facts.st_size, facts.st_mtime_ns)
