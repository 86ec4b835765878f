"""Growing files, followed through rotation and truncation; sleeps nowhere."""

from __future__ import annotations

import os
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from hitwatch.follow.chunk import Chunk
from hitwatch.follow.holes import Skipped
from hitwatch.follow.splitter import Splitter
from hitwatch.follow.tracker import HEAD, Action, Identity, Opened, decide
from hitwatch.sources.blocks import past_hole
from hitwatch.sources.packed import PackedFile
from hitwatch.sources.siblings import Sibling, Siblings

_BLOCK = 1024 * 1024
_BUDGET = 8 * _BLOCK
_MIN_SHARE = 64 * 1024
"""How much of each file is read in a poll, however many there are."""
_LOOKS = 20
"""How often is looked for files beside a log while rotation is at work on them."""
_LIVELY = 25
"""Polls for which a file is looked at in each, after it had something."""
_QUIET_AT_ONCE = 20
"""Of files that have had nothing for long, how many are looked at in a poll."""
_AFTER_ROTATION_S = 60.0
"""Seconds for which servers may go on writing to a renamed file: they keep their descriptor until
they are signalled to reopen their logs."""


class FileEvent(Struct, frozen=True):
    """Something a followed path did that its owner may want to know.

    Attributes:
        path: the path.
        message: what happened, for people.
        wrong: whether something is lost, or needs attention.

    """

    path: str
    message: str
    wrong: bool = False


class OpenFile:
    """A file held open, and how far it has been read.

    Args:
        path: where to open it.
        origin: what its chunks say they come from.
        offset: where reading begins.

    Raises:
        OSError: it cannot be opened.

    """

    def __init__(self, path: str, origin: str, offset: int = 0) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        facts = os.fstat(self._descriptor)
        self.path = path
        self.identity = Identity.of(facts)
        self.offset = offset
        self._origin = origin
        self._splitter = Splitter()
        self.head = self.read_at(0, HEAD)
        # How large it has been seen to be: what is between this and the offset is not read yet.
        self.seen = offset
        self._written = facts.st_mtime_ns

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return os.fstat(self._descriptor).st_size

    @property
    def modified_at(self) -> int:
        """When it was last written, in microseconds since 1970."""
        return os.fstat(self._descriptor).st_mtime_ns // 1000

    def state(self) -> Opened:
        """What there is to know of it for ``decide``."""
        facts = os.fstat(self._descriptor)
        # A log that was truncated may have grown to what it was, and further.
        written = facts.st_size > self.offset or facts.st_mtime_ns != self._written
        changed = written and self._head_changed()
        self._written = facts.st_mtime_ns
        if not changed:
            self.seen = max(self.seen, facts.st_size)
        return Opened(self.identity, self.offset, facts.st_size, changed)

    def read_at(self, offset: int, length: int) -> bytes:
        """Read a piece without moving on."""
        return os.pread(self._descriptor, length, offset)

    def read_on(self, length: int) -> list[Chunk]:
        """Read the next bytes; give the lines that are whole now."""
        data = self.read_at(self.offset, length)
        self._splitter.at = self.offset
        if data and not data.strip(b"\0"):
            end = self.text_from(self.offset + len(data))
            size, self.offset = end - self.offset, end
            return self._splitter.chunks(self._origin, self._splitter.hole(size))
        self.offset += len(data)
        return self._splitter.chunks(self._origin, self._splitter.feed(data))

    @property
    def skipped(self) -> Skipped:
        """NUL bytes that lines began with, since the file was opened or truncated."""
        return self._splitter.skipped

    def text_from(self, offset: int) -> int:
        """Where the next bytes stand that are not NUL, from an offset on."""
        return past_hole(self._descriptor, offset, max(offset, self.size))

    @property
    def rest(self) -> int:
        """Bytes that are still to be read."""
        return max(0, self.size - self.offset)

    @property
    def unread(self) -> int:
        """Bytes that were seen to be there and have not been read."""
        return max(0, self.seen - self.offset)

    def is_copied_by(self, sibling: Sibling) -> bool:
        """Whether a file has the text that this one had, and maybe more."""
        return sibling.has_text_of(self.head)

    def continued_by(self, copy: OpenFile | PackedFile) -> None:
        """Let a copy of the text that was truncated go on where this one was read to."""
        copy.continue_from(self.offset, self._splitter)
        self._splitter = Splitter()

    def continue_from(self, offset: int, splitter: Splitter) -> None:
        """Read on at an offset; what is before it has been read elsewhere.

        Args:
            offset: in the text.
            splitter: holds the line that was read there to its middle.

        """
        self.offset, self._splitter = offset, splitter

    def rewind(self) -> list[Chunk]:
        """Go back to the beginning of a file that was truncated; give its last line."""
        last = self._splitter.chunks(self._origin, self._splitter.flush())
        self._splitter.skipped = Skipped()
        self.offset = self.seen = 0
        self.head = self.read_at(0, HEAD)
        return last

    def close(self) -> list[Chunk]:
        """Give the file back, and its last line if that lacks a line end."""
        os.close(self._descriptor)
        return self._splitter.chunks(self._origin, self._splitter.flush())

    def _head_changed(self) -> bool:
        """Whether the beginning of the file changed; remembers more of it as it grows."""
        head = self.read_at(0, HEAD)
        if not head.startswith(self.head):
            return True
        self.head = head
        return False


class Followed(ABC):
    """A path that is followed.

    Args:
        path: the path, which is the origin of its chunks.

    """

    def __init__(self, path: str) -> None:
        self.path = path

    @property
    def files(self) -> list[OpenFile | PackedFile]:
        """All files that are open, those rotated away first."""
        return []

    @property
    def is_over(self) -> bool:
        """Whether nothing will be written any more."""
        return False

    @property
    @abstractmethod
    def lag(self) -> int:
        """Bytes that are there and have not been read."""

    @abstractmethod
    def read(self, limit: int) -> list[Chunk]:
        """Read on, about so many bytes at most; waits for nothing."""

    @abstractmethod
    def close(self) -> list[Chunk]:
        """Give everything back; the last lines, if they lack their line ends."""


class Follower(Followed):
    """Follows one path.

    A server goes on writing to the old file until it reopens its log after a rotation, so that file
    is looked at for another minute.

    Args:
        path: the path; the file need not exist yet.
        on_event: called with what happens to the path.
        seconds: shows how time passes, whatever the clock on the wall is set to.

    """

    def __init__(
        self,
        path: str,
        on_event: Callable[[FileEvent], None],
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(path)
        self._place = Path(path)
        self.file: OpenFile | None = None
        # Files that were rotated away, the oldest first, and until when they are looked at.
        self._rotated: list[tuple[OpenFile | PackedFile, float]] = []
        # Bytes that copies of the log have to hold for nothing to be lost.
        self._expected: dict[Identity, int] = {}
        self._seconds = seconds
        self._on_event = on_event
        self._last_event = ""
        self._gone_at: float | None = None
        self._runs_reported = 0
        self._siblings = Siblings(path)

    def open(self, offset: int = 0) -> bool:
        """Open the file, to be read from an offset.

        Returns:
            Whether there was a file that could be opened; if not, polling will try again.

        """
        try:
            self.file = OpenFile(self.path, self.path, offset)
            self._siblings.remember()
        except FileNotFoundError:
            self._notify("does not exist yet; waiting for it")
        except OSError as error:
            self._notify(f"cannot be opened, trying again: {error.strerror}", wrong=True)
        return self.file is not None

    @property
    def files(self) -> list[OpenFile | PackedFile]:
        """All files that are open, those rotated away first."""
        return [*(file for file, _ in self._rotated), *([self.file] if self.file else [])]

    @property
    def is_over(self) -> bool:
        """Whether the path has led nowhere for so long that nobody writes to its file any more."""
        return self._gone_at is not None and self._seconds() - self._gone_at >= _AFTER_ROTATION_S

    @property
    def lag(self) -> int:
        """Bytes between what was read and the ends of the file and those rotated away."""
        return sum(file.rest for file in self.files)

    def read(self, limit: int) -> list[Chunk]:
        """Read on, and do what the path asks for at the end of the file.

        Args:
            limit: about how many bytes to read at most.

        """
        chunks, limit = self._read_rotated(limit)
        while limit > 0:
            action = decide(self.file.state() if self.file else None, self._at_path())
            if action is not Action.HOLD:
                self._gone_at = None
            if self.file is None:
                if action is Action.WAIT or not self.open():
                    break
                self._notify("is there now")
            elif action is Action.READ:
                before = self.file.offset
                chunks += self.file.read_on(min(limit, _BLOCK))
                limit -= max(1, self.file.offset - before)
                self._last_event = ""
                self._report_holes(self.file.skipped)
            elif action is Action.RESTART:
                self._restart(self.file)
                more, limit = self._read_rotated(limit)
                chunks += more + self.file.rewind()
            elif action is Action.SWITCH:
                self._notify("was rotated; the old file is read to its end")
                self._switch_to_new(self.file)
                more, limit = self._read_rotated(limit)
                chunks += more
            else:
                if action is Action.HOLD:
                    self._gone_at = self._seconds() if self._gone_at is None else self._gone_at
                    self._notify("is gone; waiting for it to come back")
                break
        return chunks

    def read_up_to(self, end: int) -> Iterator[Chunk]:
        """Read on to an offset of the open file, whatever has happened to the path."""
        while self.file and self.file.offset < end:
            before = self.file.offset
            yield from self.file.read_on(min(_BLOCK, end - before))
            if self.file.offset == before:
                break
        if self.file:
            self._report_holes(self.file.skipped)

    def close(self) -> list[Chunk]:
        """Give the files back, and the last lines of those rotated away."""
        chunks: list[Chunk] = []
        for file, _ in self._rotated:
            while file.rest:
                chunks += file.read_on(_BLOCK)
            chunks += self._close(file)
        self._rotated = []
        if self.file:
            last = self.file.close()
            # Of one that may be written to, a line without an end is none yet.
            chunks += last if self.is_over else []
            self.file = None
        return chunks

    @property
    def _identity(self) -> Identity | None:
        """Which file is open at the path."""
        return self.file.identity if self.file else None

    def _at_path(self) -> Identity | None:
        try:
            facts = self._place.stat()
        except OSError:
            return None
        return Identity.of(facts)

    def _switch_to_new(self, old: OpenFile) -> None:
        """Go on to the new file; those rotated in between are read before it."""
        between = self._open_appeared()
        self.file = None
        self.open()
        until = self._seconds() + _AFTER_ROTATION_S
        self._rotated.append((old, until))
        for sibling, file in between:
            # What was followed is read by its descriptor, whatever has been made of it by now; and
            # the path may be a link to a file that has the name of a rotated one.
            if old.is_copied_by(sibling) or file.identity == self._identity:
                file.close()
            else:
                self._rotated.append((file, until if isinstance(file, OpenFile) else 0))

    def _restart(self, file: OpenFile) -> None:
        """Have what a truncated file held and nobody has read yet read of the copy beside it.

        What was written after it was copied and before it was truncated is in no file.
        """
        appeared = self._open_appeared()
        copies = (each for each, _ in appeared if file.is_copied_by(each))
        copy, unread = next(copies, None), file.unread
        # The copy comes first: what else has come was written later.
        for sibling, opened in sorted(appeared, key=lambda each: each[0] is not copy):
            if sibling is copy:
                file.continued_by(opened)
                self._expected[opened.identity] = file.seen
                unread = 0
            self._rotated.append((opened, 0))
        what = "was truncated; reading it from its beginning"
        if copy is not None:
            what += f", after the end of what was copied to {copy.path}"
        if unread > 0:
            what += f"; {unread:,} bytes that had not been read are in no file any more"
        self._notify(what, wrong=unread > 0)

    def _open_appeared(self) -> list[tuple[Sibling, OpenFile | PackedFile]]:
        """Open what has come beside the log, but for what is open already.

        Rotation may take files away or rename them meanwhile: then all is looked at once more.
        """
        held = {file.identity for file in self.files}
        for _ in range(_LOOKS):
            opened: list[tuple[Sibling, OpenFile | PackedFile]] = []
            for sibling in self._siblings.appeared():
                if sibling.identity in held:
                    continue
                try:
                    kind = PackedFile if sibling.packed else OpenFile
                    opened.append((sibling, kind(sibling.path, self.path)))
                    is_gone = opened[-1][1].identity != sibling.identity
                except FileNotFoundError:
                    is_gone = True
                except OSError as error:
                    said = f"was rotated, and {sibling.path} cannot be read: {error.strerror}"
                    self._notify(said, wrong=True)
                    continue
                if is_gone:
                    break
            else:
                return opened
            for _, file in opened:
                file.close()
            self._siblings.undo()
        self._notify(
            "is rotated faster than its files can be opened; some are not read", wrong=True
        )
        return []

    def _close(self, file: OpenFile | PackedFile) -> list[Chunk]:
        """Give a file back that was rotated away, and say what of it could not be read."""
        if isinstance(file, OpenFile):
            # Where it was empty when it was rotated, the folder does not tell that it is known.
            self._siblings.know(file.identity, file.head)
        elif damage := file.lost():
            self._notify(f"was rotated, and not all of it could be read: {damage}", wrong=True)
        missing = self._expected.pop(file.identity, 0) - file.offset
        if missing > 0:
            self._notify(
                f"was copied to {file.path} and truncated; {missing:,} bytes that had not been"
                " read are in no file any more",
                wrong=True,
            )
        return file.close()

    def _read_rotated(self, limit: int) -> tuple[list[Chunk], int]:
        """Read what was still written to files rotated away; closes those that are done.

        Returns:
            What was read, and how many bytes may be read yet: none before all of it is.

        """
        chunks: list[Chunk] = []
        kept: list[tuple[OpenFile | PackedFile, float]] = []
        for file, until in self._rotated:
            while limit > 0 and file.rest:
                before = file.offset
                chunks += file.read_on(min(limit, _BLOCK))
                limit -= max(1, file.offset - before)
            if file.rest or self._seconds() < until:
                kept.append((file, until))
            else:
                chunks += self._close(file)
        self._rotated = kept
        return chunks, limit

    def _notify(self, message: str, *, wrong: bool = False) -> None:
        """Emit an event, unless it is the last one and nothing was read since."""
        if message != self._last_event:
            self._last_event = message
            self._on_event(FileEvent(self.path, message, wrong))

    def _report_holes(self, skipped: Skipped) -> None:
        """Emit an event for holes: the first one, and then less and less often."""
        if skipped.runs < self._runs_reported:
            self._runs_reported = 0
        if skipped.runs > self._runs_reported and skipped.runs & (skipped.runs - 1) == 0:
            self._runs_reported = skipped.runs
            self._on_event(FileEvent(self.path, skipped.wording, wrong=True))


class Tail:
    """Follows several paths as one stream, in the order in which lines come.

    Args:
        followers: one a path.
        come: what has come since it was asked last, to be followed too; ``None``: nothing will,
            and what goes is waited for.

    """

    def __init__(
        self,
        followers: Sequence[Followed],
        come: Callable[[Collection[Followed]], Sequence[Followed]] | None = None,
    ) -> None:
        self._followers = {follower.path: follower for follower in followers}
        self._come = come
        self._polls = 0
        # Those that had something lately, and until which poll they are looked at in each.
        self._lively = dict.fromkeys(self._followers, _LIVELY)
        # The others, the one first that was looked at longest ago.
        self._quiet: deque[str] = deque()
        self.ended = False

    @property
    def followers(self) -> Collection[Followed]:
        """One a path."""
        return self._followers.values()

    def poll(self, held: Collection[str] = ()) -> list[Chunk]:
        """Read what is there now, up to a few megabytes; waits for nothing.

        Args:
            held: paths of which nothing is to be read now.

        """
        found = self._change() if self._come else []
        due = self._due()
        wanted = [path for path in due if path not in held]
        share = max(_MIN_SHARE, _BUDGET // max(1, len(wanted)))
        for path in wanted:
            if chunks := self._followers[path].read(share):
                self._lively[path] = self._polls + _LIVELY
                found += chunks
        self._quiet += [path for path in due if path not in self._lively]
        return found

    def _due(self) -> list[str]:
        """Those that are looked at in this poll: of many quiet ones some, one after the other."""
        self._polls += 1
        over = [path for path, until in self._lively.items() if until < self._polls]
        for path in over:
            del self._lively[path]
        quiet = [self._quiet.popleft() for _ in range(min(_QUIET_AT_ONCE, len(self._quiet)))]
        return [*self._lively, *over, *quiet]

    def _change(self) -> list[Chunk]:
        """Follow what has come, and no more what has gone; give the last lines of that."""
        looked = self._polls % _LIVELY == 0
        over = [each for each in self.followers if each.is_over] if looked else []
        for follower in over:
            del self._followers[follower.path]
            self._lively.pop(follower.path, None)
            self._quiet = deque(path for path in self._quiet if path != follower.path)
        for follower in self._come(self.followers) if self._come else []:
            self._followers[follower.path] = follower
            self._lively[follower.path] = self._polls + _LIVELY
        return [chunk for follower in over for chunk in follower.close()]

    @property
    def lag(self) -> int:
        """Bytes between what was read and the ends of the files."""
        return sum(follower.lag for follower in self.followers)

    def lag_of(self, origin: str) -> int:
        """Those of one file."""
        follower = self._followers.get(origin)
        return follower.lag if follower else 0

    def close(self) -> list[Chunk]:
        """Give the files back, and the last lines of those rotated away."""
        return [chunk for follower in self.followers for chunk in follower.close()]
