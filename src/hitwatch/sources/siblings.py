"""Files that rotation leaves beside a log, known by identity and content; reads only heads."""

from __future__ import annotations

import io
import re
import stat
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from hitwatch.follow.tracker import Identity
from hitwatch.sources.codec import detect_codec
from hitwatch.sources.files import read_content

_MOST = 1000
"""How many files beside a log are looked at; of more than these the names that sort last."""

_HEAD = 4096
"""First bytes by which a copy is known: more than the lines with which W3C logs all begin."""

_LOOKS = 20
"""How often is looked until names stay the same."""

_PACKED = r"\.(?:gz|bz2|xz|zst)"

_ADDED = rf"(?:[-._]?[0-9][\w.:+-]*|\.(?:old|bak)(?:{_PACKED})?|{_PACKED})"
"""What rotation adds to a name: a number, a date or a time (logrotate, newsyslog, rotatelogs,
multilog, Java's and .NET's loggers), or ``.old``; and what compression does."""


class Sibling(Struct, frozen=True):
    """A file beside a log.

    Attributes:
        path: of the file.
        identity: which file it is.
        head: first bytes of its text; empty where it is packed and has not been looked into.
        size: in bytes.
        modified_at: when it was last written, in nanoseconds.
        packed: whether it is compressed.

    """

    path: str
    identity: Identity
    head: bytes
    size: int
    modified_at: int
    packed: bool

    def has_text_of(self, head: bytes) -> bool:
        """Whether this has the text that begins so, or as much of it as there is by now."""
        return bool(head and self.head) and (
            self.head.startswith(head) or (self.packed and head.startswith(self.head))
        )


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
            f"{re.escape(name)}{_ADDED}|{re.escape(stem)}{_ADDED}{re.escape(suffix)}(?:{_PACKED})?"
        )
        self._known: dict[Identity, Sibling] | None = None
        self._known_before: dict[Identity, Sibling] = {}

    def remember(self) -> None:
        """Take all that are there now as known, the first time; later ones have appeared."""
        if self._known is None:
            self._known = {sibling.identity: sibling for sibling in self._look()}

    def know(self, identity: Identity, head: bytes) -> None:
        """Take a file with a text that begins so as known, wherever it is."""
        if self._known is not None and head:
            self._known.setdefault(identity, Sibling("", identity, head, 0, 0, packed=False))

    def appeared(self) -> list[Sibling]:
        """Those that have come since they were last looked at, the one written first first.

        A copy of one that is known is not among them, compressed or not, and of several that
        have one text there is one.
        """
        now, known = self._look(), self._known or {}
        changed = (each for each in now if not _is_as_before(each, known.get(each.identity)))
        new = [
            sibling
            for sibling in map(_looked_into, changed)
            if sibling.head and not _is_known(sibling, known)
        ]
        self._known, self._known_before = {each.identity: each for each in now}, known
        return sorted(_of_different_text(new), key=lambda each: (each.modified_at, each.path))

    def undo(self) -> None:
        """Know no more than before it was asked last what has appeared."""
        self._known = self._known_before

    def _look(self) -> list[Sibling]:
        """All that are there now; where names change meanwhile it is looked once more."""
        names, before = self._fitting(), None
        found: list[Sibling | None] = []
        for _ in range(_LOOKS):
            found = [_sibling(self._folder / name) for name in names[-_MOST:]]
            names, before = self._fitting(), names
            if names == before:
                break
        return [sibling for sibling in found if sibling]

    def _fitting(self) -> list[str]:
        """The names that rotation may have given, in order."""
        try:
            names = [each.name for each in self._folder.iterdir()]
        except OSError:
            return []
        return sorted(
            name for name in names if name.startswith(self._prefix) and self._names.fullmatch(name)
        )


def _is_as_before(sibling: Sibling, before: Sibling | None) -> bool:
    """Whether a file is the one that was known, and its inode has not been used again."""
    if before is None or before.packed != sibling.packed:
        return False
    if sibling.packed:
        # It does not change any more once it is written.
        return (before.size, before.modified_at) == (sibling.size, sibling.modified_at)
    return sibling.head.startswith(before.head)


def _is_known(sibling: Sibling, known: dict[Identity, Sibling]) -> bool:
    """Whether the text of a file that is not as before is known from another."""
    heads = (each.head for each in known.values())
    if sibling.packed:
        return any(sibling.has_text_of(head) for head in heads)
    return sibling.head in heads


def _of_different_text(siblings: Iterable[Sibling]) -> list[Sibling]:
    """Of those with one text the one that is not packed: the other may still be written."""
    found: list[Sibling] = []
    for sibling in sorted(siblings, key=lambda each: (each.packed, -each.size, each.path)):
        same = (
            sibling.has_text_of(each.head) if sibling.packed else sibling.head == each.head
            for each in found
        )
        if not any(same):
            found.append(sibling)
    return found


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
    packed = detect_codec(head) is not None
    identity = Identity.of(facts)
    text = b"" if packed else head
    return Sibling(str(path), identity, text, facts.st_size, facts.st_mtime_ns, packed)


def _looked_into(sibling: Sibling) -> Sibling:
    """The same with its first text; without any where it is damaged or not written yet."""
    if not sibling.packed:
        return sibling
    head = b""
    try:
        with io.FileIO(sibling.path) as file:
            for piece in read_content(file, _HEAD):
                if not isinstance(piece, bytes) or len(head) >= _HEAD:
                    break
                head += piece
    except OSError:
        return sibling
    return replace(sibling, head=head[:_HEAD])
