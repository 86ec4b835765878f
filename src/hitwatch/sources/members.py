"""Logs that come into a directory or fit a glob while others of it are followed."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

from hitwatch.errors import InputError
from hitwatch.follow.tracker import HEAD, Identity
from hitwatch.sources.discovery import growing
from hitwatch.sources.packed import PackedFile
from hitwatch.sources.tail import Followed, OpenFile

_EVERY_S = 2.0
"""How often is looked for new ones; less often where that takes long."""

_SHARE = 1000
"""How many times as long as looking took is waited, at least."""


class Members:
    """What comes among the files that a user's words name.

    A file that was there under another name is none that has come: rotation renames what has been
    read, into names that may fit.

    Args:
        find: the files that the words name now.
        found: those that they named when the ones to be followed were chosen.
        seconds: shows how time passes.

    """

    def __init__(
        self,
        find: Callable[[], list[str]],
        found: Sequence[str],
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._find, self._seconds = find, seconds
        self._met: dict[Identity, bytes] = {}
        self._names: dict[str, Identity] = {}
        self._next = 0.0
        self._meet(found)

    def appeared(self, followers: Collection[Followed]) -> list[str]:
        """Those that have come since this was asked last, and have lines.

        Args:
            followers: of the logs that are followed.

        """
        began = self._seconds()
        if began < self._next:
            return []
        followed = {follower.path for follower in followers}
        try:
            named = self._find()
            # Where a log is away for a moment, its rotated files are still known by its name.
            kept, _ = growing([*followed, *(path for path in named if path not in followed)])
        except InputError:
            named, kept = [], []
        candidates = [path for path in kept if path not in followed]
        held = [file for follower in followers for file in follower.files]
        self._take(held)
        new = [path for path in candidates if self._is_new(path)]
        self._meet(named)
        took = self._seconds() - began
        self._next = began + max(_EVERY_S, _SHARE * took)
        return new

    def _take(self, held: Iterable[OpenFile | PackedFile]) -> None:
        """Files that are open are known, whatever their names are by now."""
        for file in held:
            if isinstance(file, OpenFile):
                self._met[file.identity] = file.head

    def _is_new(self, path: str) -> bool:
        identity, head = self._look_at(path)
        # An inode is used again: then its text is another.
        return bool(head) and not head.startswith(self._met.get(identity, b"\n"))

    def _meet(self, paths: Sequence[str]) -> None:
        """Know all that are there, and no others: what is gone leaves its inode to others."""
        found = {path: self._look_at(path) for path in paths}
        known = {path: (identity, head) for path, (identity, head) in found.items() if head}
        self._met = dict(known.values())
        self._names = {path: identity for path, (identity, _) in known.items()}

    def _look_at(self, path: str) -> tuple[Identity, bytes]:
        """Which file a path leads to, and how its text begins: with nothing where there is none."""
        try:
            facts = Path(path).stat()
            identity = Identity.of(facts)
            if self._names.get(path) == identity and identity in self._met:
                return identity, self._met[identity]
            if stat.S_ISREG(facts.st_mode):
                with Path(path).open("rb", buffering=0) as file:
                    return Identity.of(os.fstat(file.fileno())), file.read(HEAD)
        except OSError:
            pass
        return Identity(0, 0), b""
