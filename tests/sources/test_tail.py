"""Following files: random writes, rotations and truncations against a model of a file."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from hitwatch.follow.chunk import Chunk
from hitwatch.sources import siblings, tail
from hitwatch.sources.tail import FileEvent, Follower, Tail

ACTIONS = st.lists(
    st.sampled_from(
        [
            "write",
            "write",
            "piece",
            "rename",
            "rename twice",
            "rename upwards",
            "compress",
            "rename and compress",
            "rename twice and compress",
            "copy and truncate",
            "copy, truncate and compress",
            "truncate",
            "delete",
            "create",
            "poll",
        ]
    ),
    max_size=30,
)


PACKED: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.ZstdCompressor().compress,
}

_WHOLE = re.compile(r"line [0-9]+\Z")


class Server:
    """Writes numbered lines to a log, rotates it, and knows what must be read of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.expected: list[str] = []
        self.piece = ""
        self.number = 0
        self.file = path.open("a", encoding="utf-8")
        self.gone = False
        self.rotated = 0
        self.packed = 0

    def write(self) -> None:
        """Add a line, finishing a piece."""
        self.number += 1
        line = self.piece + f"line {self.number}"
        self.file.write(f"line {self.number}\n")
        self.file.flush()
        self.expected.append(line)
        self.piece = ""

    def write_piece(self) -> None:
        """Add the beginning of a line."""
        self.number += 1
        self.file.write(f"piece {self.number} ")
        self.file.flush()
        self.piece += f"piece {self.number} "

    def rename(self) -> None:
        """Rotate by rename."""
        if self.gone:
            return
        for number in range(8, 0, -1):
            older = Path(f"{self.path}.{number}")
            if older.exists():
                older.rename(f"{self.path}.{number + 1}")
        self.path.rename(f"{self.path}.1")
        self.gone = True
        self.create()

    def rename_upwards(self) -> None:
        """Rotate by rename, the newest file having the highest number."""
        if self.gone:
            return
        self.rotated += 1
        self.path.rename(f"{self.path}.{100 + self.rotated}")
        self.gone = True
        self.create()

    def copy_and_truncate(self) -> None:
        """Rotate as logrotate does with copytruncate."""
        if self.gone:
            return
        self.rotated += 1
        Path(f"{self.path}-{self.rotated}").write_bytes(self.path.read_bytes())
        self.truncate()

    def compress(self) -> None:
        """Compress all that was rotated and is not packed yet, with one program or another."""
        for path in sorted(self.path.parent.iterdir()):
            if path == self.path or path.suffix in PACKED:
                continue
            self.packed += 1
            suffix = [*PACKED][self.packed % len(PACKED)]
            packed = path.with_name(f"{path.name}{suffix}")
            if not packed.exists():
                packed.write_bytes(PACKED[suffix](path.read_bytes()))
                path.unlink()

    def create(self) -> None:
        """Create the file again after it went."""
        if not self.gone:
            return
        if self.piece:
            self.expected.append(self.piece)
            self.piece = ""
        self.file.close()
        self.file = self.path.open("a", encoding="utf-8")
        self.gone = False

    def truncate(self) -> None:
        """Rotate by truncation."""
        self.file.truncate(0)
        if self.piece:
            self.expected.append(self.piece)
            self.piece = ""

    def delete(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)
        self.gone = True


@given(actions=ACTIONS)
def test_nothing_is_lost_and_nothing_comes_twice(
    tmp_path_factory: pytest.TempPathFactory, actions: list[str]
) -> None:
    """Whatever a server does to its log, each line is read once and in order.

    Truncation, and a second deletion before the first was seen, lose by their nature what
    nobody has read yet; so these come right after a poll.
    """
    path = tmp_path_factory.mktemp("logs") / "access.log"
    server = Server(path)
    follower = Follower(str(path), lambda _: None)
    followed = Tail([follower])
    assert follower.open()
    found: list[str] = []

    def poll() -> None:
        keep(followed.poll())

    def keep(chunks: list[Chunk]) -> None:
        for chunk in chunks:
            found.extend(chunk.data.decode().removesuffix("\n").split("\n"))

    def careful(action: Callable[[], None]) -> Callable[[], None]:
        def act() -> None:
            poll()
            action()
            poll()

        return act

    def rename_twice() -> None:
        server.rename()
        server.write()
        server.rename()

    def rename_twice_and_compress() -> None:
        rename_twice()
        server.compress()

    def rename_and_compress() -> None:
        server.rename()
        server.compress()

    def copy_truncate_and_compress() -> None:
        copy_and_truncate()
        server.compress()

    def copy_and_truncate() -> None:
        # A log of which nothing was ever read is not known again.
        server.write()
        poll()
        server.write()
        server.copy_and_truncate()

    act: dict[str, Callable[[], None]] = {
        "write": server.write,
        "piece": server.write_piece,
        "rename": server.rename,
        "rename twice": careful(rename_twice),
        "rename upwards": server.rename_upwards,
        "compress": server.compress,
        "rename and compress": careful(rename_and_compress),
        "rename twice and compress": careful(rename_twice_and_compress),
        "copy, truncate and compress": copy_truncate_and_compress,
        "copy and truncate": copy_and_truncate,
        "truncate": careful(server.truncate),
        "delete": careful(server.delete),
        "create": careful(server.create),
        "poll": poll,
    }
    for action in actions:
        if action.startswith("rename"):
            poll()
        act[action]()
    poll()
    server.create()
    poll()
    server.rename()
    poll()
    keep(followed.close())
    server.file.close()
    lines, expected = ([each.strip() for each in some] for some in (found, server.expected))
    assert sorted(lines) == sorted(expected)
    # A line that lacks its end is read when its file is let go, after younger lines.
    assert [*filter(_WHOLE.search, lines)] == [*filter(_WHOLE.search, expected)]


def follow(path: Path) -> tuple[Follower, list[FileEvent]]:
    """Follow a file and collect what happens to it."""
    told: list[FileEvent] = []
    return Follower(str(path), told.append), told


def lines(follower: Follower) -> bytes:
    """Read all there is."""
    return b"".join(chunk.data for chunk in follower.read(1 << 30))


def begun(folder: Path) -> tuple[Path, Follower, list[FileEvent]]:
    """Follow a log of which a line has been read."""
    path = folder / "access.log"
    path.write_bytes(b"1\n")
    follower, told = follow(path)
    follower.open()
    assert lines(follower) == b"1\n"
    return path, follower, told


@pytest.mark.parametrize(
    "name",
    [
        *(
            "access.log.{}",
            "access.log-2026010{}",
            "access.log.2026-01-0{}-12",
            "access-2026-0{}.log",
        ),
        *("access_0{}.log", "access.log.176722560{}"),
    ],
)
def test_files_are_known_by_identity_whatever_rotation_calls_them(
    tmp_path: Path, name: str
) -> None:
    """However many were there, and whether numbers go up or down, each is read once."""
    path = tmp_path / "access.log"
    for number in range(5):
        (tmp_path / name.format(number)).write_bytes(b"old %d\n" % number * 100)
    path.write_bytes(b"")
    follower, _ = follow(path)
    follower.open()
    read: list[bytes] = []
    for number in range(5, 9):
        with path.open("ab") as file:
            file.write(b"new %d\n" % number)
        if number % 2:
            read.append(lines(follower))
        path.rename(tmp_path / name.format(number))
        path.write_bytes(b"")
    read.append(lines(follower))
    assert b"".join(read) == b"new 5\nnew 6\nnew 7\nnew 8\n"


def test_what_a_truncated_log_held_is_read_from_its_copy(tmp_path: Path) -> None:
    """Lines that nobody had read when the log was copied and truncated come from the copy."""
    path = tmp_path / "access.log"
    path.write_bytes(b"1\n2\n")
    follower, told = follow(path)
    follower.open()
    assert lines(follower) == b"1\n2\n"
    path.write_bytes(b"1\n2\n3\n4\n5")
    (tmp_path / "access.log.1").write_bytes(path.read_bytes())
    path.write_bytes(b"6\n")
    assert lines(follower) == b"3\n4\n5\n6\n"
    assert [event.message for event in told] == [
        "was truncated; reading it from its beginning, after the end of what was copied to"
        f" {tmp_path / 'access.log.1'}"
    ]
    path.write_bytes(b"")
    assert lines(follower) == b""
    path.write_bytes(b"7\n")
    assert lines(follower) == b"7\n"


def test_what_no_file_holds_any_more_is_a_loss_with_its_size(tmp_path: Path) -> None:
    """Bytes that were seen and not read before a truncation without a copy are said to be lost."""
    path = tmp_path / "access.log"
    path.write_bytes(b"1\n" * 100)
    follower, told = follow(path)
    follower.open()
    assert b"".join(chunk.data for chunk in follower.read(100)) == b"1\n" * 50
    path.write_bytes(b"2\n")
    assert lines(follower) == b"2\n"
    assert [event.message for event in told] == [
        "was truncated; reading it from its beginning; 100 bytes that had not been read are in no"
        " file any more"
    ]
    assert told[0].wrong


def test_a_copy_of_an_old_log_is_not_read(tmp_path: Path) -> None:
    """Somebody keeps a copy of a file that has been read: it is known by its text."""
    path = tmp_path / "access.log"
    (tmp_path / "access.log.1").write_bytes(b"old\n" * 2000)
    path.write_bytes(b"1\n")
    follower, _ = follow(path)
    follower.open()
    assert lines(follower) == b"1\n"
    (tmp_path / "access.log.1.keep").write_bytes(b"old\n" * 2000)
    (tmp_path / "access.log.2").write_bytes(b"old\n" * 2000)
    path.rename(tmp_path / "access.log.3")
    path.write_bytes(b"2\n")
    assert lines(follower) == b"2\n"


def test_a_log_rotated_again_while_it_is_switched_to_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came between two looks at the folder has not been read, and is not known."""
    path, follower, _ = begun(tmp_path)
    path.rename(tmp_path / "access.log.1")
    path.write_bytes(b"2\n")
    opened = follower.open

    def rotated_meanwhile(offset: int = 0) -> bool:
        monkeypatch.setattr(follower, "open", opened)
        path.rename(tmp_path / "access.log.2")
        path.write_bytes(b"3\n")
        return opened(offset)

    monkeypatch.setattr(follower, "open", rotated_meanwhile)
    read = lines(follower)
    path.rename(tmp_path / "access.log.3")
    path.write_bytes(b"4\n")
    assert sorted((read + lines(follower)).split()) == [b"2", b"3", b"4"]


def test_a_known_file_that_grows_is_not_new(tmp_path: Path) -> None:
    """What another program still adds to an old file does not make it one to be read."""
    path = tmp_path / "access.log"
    old = tmp_path / "access.log.1"
    old.write_bytes(b"old\n")
    path.write_bytes(b"1\n")
    follower, _ = follow(path)
    follower.open()
    assert lines(follower) == b"1\n"
    with old.open("ab") as file:
        file.write(b"older\n")
    path.rename(tmp_path / "access.log.2")
    path.write_bytes(b"2\n")
    assert lines(follower) == b"2\n"


def test_lines_written_to_the_old_file_after_its_rotation(tmp_path: Path) -> None:
    """A server that has not reopened its log yet loses nothing."""
    path = tmp_path / "access.log"
    old = path.open("ab", buffering=0)
    follower, told = follow(path)
    follower.open()
    old.write(b"1\n")
    assert lines(follower) == b"1\n"
    path.rename(tmp_path / "access.log.1")
    path.write_bytes(b"3\n")
    assert lines(follower) == b"3\n"
    old.write(b"2\n")
    assert lines(follower) == b"2\n"
    old.close()
    assert [event.message.split(";")[0] for event in told] == ["was rotated"]


def test_a_poll_keeps_to_its_limit_over_rotations(tmp_path: Path) -> None:
    """Megabytes of files rotated between two looks come in order, no more than asked at once."""
    path = tmp_path / "access.log"
    path.write_bytes(b"")
    follower, _ = follow(path)
    follower.open()
    numbers = iter(range(1_000_000))

    def fill(file: Path) -> None:
        file.write_bytes(b"".join(b"%07d\n" % next(numbers) for _ in range(400_000)))

    fill(path)
    path.rename(tmp_path / "access.log.2")
    fill(tmp_path / "access.log.1")
    path.write_bytes(b"9999999\n")
    read: list[bytes] = []
    while follower.lag or not read:
        chunks = follower.read(1 << 20)
        assert sum(len(chunk.data) for chunk in chunks) <= (1 << 20) + 8
        read += [chunk.data for chunk in chunks]
    found = b"".join(read).splitlines()
    assert found == sorted(found)
    assert len(found) == 800_001


def test_a_rotated_file_is_looked_at_for_a_minute(tmp_path: Path) -> None:
    """However often it is polled meanwhile, and no longer."""
    path = tmp_path / "access.log"
    old = path.open("ab", buffering=0)
    now = [0.0]
    follower = Follower(str(path), lambda _: None, lambda: now[0])
    follower.open()
    path.rename(tmp_path / "access.log.1")
    path.write_bytes(b"")
    for _ in range(5000):
        assert lines(follower) == b""
    old.write(b"late\n")
    assert lines(follower) == b"late\n"
    now[0] = 61.0
    assert lines(follower) == b""
    old.write(b"too late\n")
    old.close()
    assert lines(follower) == b""


def test_truncated_and_grown_past_where_we_were(tmp_path: Path) -> None:
    """A truncated file that has grown again already is known by its first bytes."""
    path = tmp_path / "access.log"
    path.write_bytes(b"old 1\nold 2\n")
    follower, told = follow(path)
    follower.open()
    assert lines(follower) == b"old 1\nold 2\n"
    path.write_bytes(b"new 1\nnew 2\nnew 3\n")
    assert lines(follower) == b"new 1\nnew 2\nnew 3\n"
    assert "truncated" in told[0].message


def test_a_file_that_appears_goes_and_comes_back(tmp_path: Path) -> None:
    """What is not there is waited for, each said once."""
    path = tmp_path / "access.log"
    follower, told = follow(path)
    assert not follower.open()
    assert lines(follower) == b""
    path.write_bytes(b"1\n")
    assert lines(follower) == b"1\n"
    path.unlink()
    assert lines(follower) == lines(follower) == b""
    path.write_bytes(b"2\n")
    assert lines(follower) == b"2\n"
    assert [event.message.split(";")[0] for event in told] == [
        "does not exist yet",
        "is there now",
        "is gone",
        "was rotated",
    ]


def test_rotated_archives_are_not_read(tmp_path: Path) -> None:
    """A log rotated and compressed leaves the archives of older days alone."""
    path = tmp_path / "access.log"
    (tmp_path / "access.log.2.gz").write_bytes(gzip.compress(b"older\n"))
    (tmp_path / "access.log.1").write_bytes(b"old\n")
    path.write_bytes(b"1\n")
    follower, _ = follow(path)
    follower.open()
    assert lines(follower) == b"1\n"
    (tmp_path / "access.log.1").unlink()
    path.rename(tmp_path / "access.log.1")
    path.write_bytes(b"2\n")
    assert lines(follower) == b"2\n"


@pytest.mark.parametrize("suffix", [*PACKED])
def test_what_was_compressed_before_it_was_seen_is_read(tmp_path: Path, suffix: str) -> None:
    """Two rotations between two looks: what came between them is in an archive alone."""
    path, follower, told = begun(tmp_path)
    (tmp_path / f"access.log.2{suffix}").write_bytes(PACKED[suffix](b"1\n"))
    (tmp_path / f"access.log.1{suffix}").write_bytes(PACKED[suffix](b"2\n3"))
    path.unlink()
    path.write_bytes(b"4\n")
    assert lines(follower) == b"2\n3\n4\n"
    # They are moved on by the next rotation, and known.
    (tmp_path / f"access.log.2{suffix}").rename(tmp_path / f"access.log.3{suffix}")
    (tmp_path / f"access.log.1{suffix}").rename(tmp_path / f"access.log.2{suffix}")
    path.rename(tmp_path / "access.log.1")
    path.write_bytes(b"5\n")
    assert lines(follower) == b"5\n"
    assert not any(event.wrong for event in told)


def test_an_archive_that_is_still_written_beside_its_log_is_none_of_its_own(
    tmp_path: Path,
) -> None:
    """Of the log that was rotated between two looks and of its archive, one is read."""
    path, follower, told = begun(tmp_path)
    text = b"".join(b"line %d\n" % number for number in range(20_000))
    packed = gzip.compress(text)
    (tmp_path / "access.log.1").write_bytes(text)
    (tmp_path / "access.log.1.gz").write_bytes(packed[: len(packed) // 2])
    path.rename(tmp_path / "access.log.2")
    path.write_bytes(b"2\n")
    assert lines(follower) == text + b"2\n"
    (tmp_path / "access.log.1.gz").write_bytes(packed)
    (tmp_path / "access.log.1").unlink()
    path.rename(tmp_path / "access.log.3")
    path.write_bytes(b"3\n")
    assert lines(follower) == b"3\n"
    assert not any(event.wrong for event in told)


def test_what_a_truncated_log_held_is_read_from_its_compressed_copy(tmp_path: Path) -> None:
    """Also the rest of a line that had been read to its middle; what it lacks is lost."""
    path = tmp_path / "access.log"
    path.write_bytes(b"1\n2")
    follower, told = follow(path)
    follower.open()
    assert lines(follower) == b"1\n"
    path.write_bytes(b"1\n22\n3\n4\n")
    assert follower.file is not None
    follower.file.state()
    (tmp_path / "access.log.1.gz").write_bytes(gzip.compress(b"1\n22\n3\n"))
    path.write_bytes(b"5\n")
    assert lines(follower) == b"22\n3\n5\n"
    copied = f"was copied to {tmp_path / 'access.log.1.gz'} and truncated"
    wrong = [event.message for event in told if event.wrong]
    assert wrong == [f"{copied}; 2 bytes that had not been read are in no file any more"]


def test_a_damaged_archive_gives_what_can_be_read_and_says_what_cannot(tmp_path: Path) -> None:
    """It was cut on the way; the log behind it is read all the same."""
    path, follower, told = begun(tmp_path)
    text = b"".join(b"%d\n" % pow(7, number, 1_000_003) for number in range(9, 50_000))
    packed = gzip.compress(text)
    (tmp_path / "access.log.1.gz").write_bytes(packed[: len(packed) // 2])
    path.unlink()
    path.write_bytes(b"2\n")
    found = lines(follower)
    assert found.endswith(b"\n2\n")
    assert text.startswith(found.removesuffix(b"2\n"))
    assert len(found) > len(text) // 4
    (wrong,) = [event.message for event in told if event.wrong]
    assert "not all of it could be read" in wrong
    assert "access.log.1.gz: the compressed file is damaged or cut short" in wrong


def test_an_inode_that_is_used_again_is_another_file(tmp_path: Path) -> None:
    """An archive that was known goes, and a new one gets its inode."""
    path = tmp_path / "access.log"
    old = tmp_path / "access.log.1.gz"
    old.write_bytes(gzip.compress(b"old\n"))
    path.write_bytes(b"1\n")
    follower, _ = follow(path)
    follower.open()
    assert lines(follower) == b"1\n"
    # The same inode, written anew.
    old.write_bytes(gzip.compress(b"2\n" * 100))
    path.unlink()
    path.write_bytes(b"3\n")
    assert lines(follower) == b"2\n" * 100 + b"3\n"


@given(
    steps=st.lists(st.sampled_from(["write", "write old", "swap", "poll", "compress"]), max_size=25)
)
def test_a_link_that_is_led_to_another_file_is_followed(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    """As rotatelogs and cronolog lead it; some write to the file before for a while."""
    folder = tmp_path_factory.mktemp("logs")
    link, new, swaps = folder / "access.log", folder / "new", 0
    current = folder / "access-2026-01-00.log"
    current.write_bytes(b"")
    link.symlink_to(current)
    follower, told = follow(link)
    follower.open()
    found: list[bytes] = []
    # Writers of the files before keep them open; of the archives nobody is one.
    old = current
    for number, step in enumerate(steps, 1):
        if step == "poll":
            found.append(lines(follower))
        elif step == "swap":
            swaps += 1
            old, current = current, folder / f"access-2026-01-{swaps:02}.log"
            current.write_bytes(b"begin %d\n" % swaps)
            new.symlink_to(current)
            new.replace(link)
        elif step == "compress":
            # As soon as it has been left, and seen to be so.
            found.append(lines(follower))
            for path in folder.glob("access-*.log"):
                if path not in (old, current):
                    packed = path.with_name(f"{path.name}.gz")
                    packed.write_bytes(gzip.compress(path.read_bytes()))
                    path.unlink()
        else:
            target = old if step == "write old" else current
            if target != current:
                found.append(lines(follower))
            with target.open("ab") as file:
                file.write(b"line %d\n" % number)
    found.append(lines(follower))
    found += [chunk.data for chunk in follower.close()]
    written = [number for number, step in enumerate(steps, 1) if step.startswith("write")]
    expected = [b"line %d" % number for number in written]
    expected += [b"begin %d" % swap for swap in range(1, swaps + 1)]
    assert sorted(b"".join(found).splitlines()) == sorted(expected)
    assert not any(event.wrong for event in told)


def test_of_many_quiet_files_each_is_looked_at_before_long(tmp_path: Path) -> None:
    """And those that had something lately in every poll."""
    paths = [tmp_path / f"{number}.log" for number in range(300)]
    for path in paths:
        path.touch()
    followers = [Follower(str(path), lambda _: None) for path in paths]
    for follower in followers:
        follower.open()
    followed = Tail(followers)
    for _ in range(100):
        assert followed.poll() == []
    for path in paths:
        path.write_bytes(b"1\n")
    polls = [len(followed.poll()) for _ in range(15)]
    assert sum(polls) == 300
    assert max(polls) == 20
    with paths[7].open("ab") as file:
        file.write(b"2\n")
    assert [chunk.data for chunk in followed.poll()] == [b"2\n"]
    followed.close()


def test_a_copy_that_is_compressed_while_it_is_opened_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was there when the folder was looked at, and is an archive by then."""
    path, copy = tmp_path / "access.log", tmp_path / "access.log.1"
    path.write_bytes(b"1\n")
    follower, told = follow(path)
    follower.open()
    assert lines(follower) == b"1\n"
    copy.write_bytes(b"1\n2\n")
    path.write_bytes(b"3\n")

    class Late(tail.OpenFile):
        """Opened when the copy has just been compressed."""

        def __init__(self, opened: str, origin: str, offset: int = 0) -> None:
            if copy.exists():
                copy.with_name("access.log.1.gz").write_bytes(gzip.compress(copy.read_bytes()))
                copy.unlink()
            super().__init__(opened, origin, offset)

    monkeypatch.setattr(tail, "OpenFile", Late)
    assert lines(follower) == b"2\n3\n"
    assert not any(event.wrong for event in told)


def test_archives_that_are_renamed_while_they_are_looked_at_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next rotation moves them on between the list of names and the first bytes."""
    path, follower, told = begun(tmp_path)
    first, second = tmp_path / "access.log.1.gz", tmp_path / "access.log.2.gz"
    first.write_bytes(gzip.compress(b"2\n"))
    path.unlink()
    path.write_bytes(b"3\n")
    look = siblings._sibling

    def moved_on(name: Path) -> siblings.Sibling | None:
        if first.exists():
            first.rename(second)
        return look(name)

    monkeypatch.setattr(siblings, "_sibling", moved_on)
    assert lines(follower) == b"2\n3\n"
    assert not any(event.wrong for event in told)


def test_what_cannot_be_opened_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rotated file that only others may read."""
    path, follower, told = begun(tmp_path)
    (tmp_path / "access.log.1").write_bytes(b"2\n")
    path.unlink()
    path.write_bytes(b"3\n")

    class Refused(tail.OpenFile):
        """Opened by somebody else's permission."""

        def __init__(self, opened: str, origin: str, offset: int = 0) -> None:
            if opened.endswith(".1"):
                raise PermissionError(13, "Permission denied")
            super().__init__(opened, origin, offset)

    monkeypatch.setattr(tail, "OpenFile", Refused)
    assert lines(follower) == b"3\n"
    (wrong,) = [event.message for event in told if event.wrong]
    assert (
        wrong == f"was rotated, and {tmp_path / 'access.log.1'} cannot be read: Permission denied"
    )
