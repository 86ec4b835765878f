"""A watch of a directory or a glob: logs come and go."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from tests.program.running import Live, line

from hitwatch.sources.members import Members
from hitwatch.sources.tail import Follower, Tail


def write(path: Path, count: int) -> None:
    """Append lines of now."""
    with path.open("a") as file:
        file.write(line(time.time()) * count)


def members_of(folder: Path, seconds: Callable[[], float]) -> Members:
    """What comes among the logs of a folder."""

    def find() -> list[str]:
        return [str(path) for path in folder.glob("*.log")]

    return Members(find, find(), seconds)


def test_a_log_that_comes_into_a_directory_is_followed_from_its_beginning(tmp_path: Path) -> None:
    """As that of a new virtual host, also when it is empty at first; what is rotated is not new."""
    first = tmp_path / "a.access.log"
    write(first, 5)
    live = Live(str(tmp_path), "--every", "1s", "--backfill", "0s")
    live.until_ready()
    write(first, 1)
    live.until(lambda: live.hits == 1)
    second, third = tmp_path / "b.access.log", tmp_path / "c.access.log"
    write(second, 10)
    third.touch()
    live.until(lambda: live.hits == 11)
    assert any(f"{second} has come, and is followed" in told for told in live.told)
    write(third, 100)
    live.until(lambda: live.hits == 111)
    # The name of the rotated file is that of a log of its own.
    second.rename(tmp_path / "b.access-20260101.log")
    write(second, 1000)
    live.until(lambda: live.hits == 1111)
    time.sleep(3)
    end = live.end()
    assert end["hits"] == 1111
    assert end["rejects"] == 0


def test_what_cannot_be_followed_is_left_out_and_the_others_go_on(tmp_path: Path) -> None:
    """A log without times, which nothing is said of twice."""
    first, timeless = tmp_path / "a.log", tmp_path / "b.log"
    write(first, 1)
    live = Live(str(tmp_path / "*.log"), "--every", "1s", "--backfill", "0s")
    live.until_ready()
    timeless.write_text("GET /users 200 5.123 ms - 10\n" * 50)
    (tmp_path / "c.log").write_bytes(b"\x7fELF\0\1\2\3" * 1000)
    live.until(lambda: sum("it is left out" in told for told in live.told) == 2)
    write(first, 7)
    live.until(lambda: live.hits == 7)
    time.sleep(3)
    assert live.end()["hits"] == 7
    assert sum("it is left out" in told for told in live.told) == 2
    assert any("do not say when they were written" in told for told in live.told)


def test_what_is_rotated_twice_between_two_looks_is_not_new(tmp_path: Path) -> None:
    """Files that are open are known, though they have never been seen under the log's name."""
    path = tmp_path / "access.log"
    path.write_bytes(b"1\n")
    now = [0.0]
    members = members_of(tmp_path, lambda: now[0])
    follower = Follower(str(path), lambda _: None, lambda: now[0])
    follower.open()
    found = [chunk.data for chunk in follower.read(100)]
    for number in range(2, 5):
        path.rename(tmp_path / f"access-{number}.log")
        path.write_bytes(b"%d\n" % number)
        found += [chunk.data for chunk in follower.read(100)]
    assert b"".join(found) == b"1\n2\n3\n4\n"
    now[0] = 10.0
    assert members.appeared([follower]) == []
    follower.close()


def test_a_log_that_is_gone_for_a_minute_is_let_go(tmp_path: Path) -> None:
    """Its last line is read, and its descriptor given back; when it comes again it is another."""
    now = 0.0

    def seconds() -> float:
        return now

    gone, stays = tmp_path / "gone.log", tmp_path / "stays.log"
    gone.write_bytes(b"1\n2")
    stays.write_bytes(b"3\n")
    members = members_of(tmp_path, seconds)

    def come(paths: list[str]) -> list[Follower]:
        found = [Follower(path, lambda _: None, seconds) for path in paths]
        for follower in found:
            follower.open()
        return found

    tail = Tail(come([str(gone), str(stays)]), lambda followers: come(members.appeared(followers)))

    def read() -> bytes:
        return b"".join(sorted(chunk.data for chunk in tail.poll()))

    assert read() == b"1\n3\n"
    gone.unlink()
    assert read() == b""
    now = 59.0
    assert read() == b""
    now = 61.0
    # Whether it is over is looked at now and then.
    assert b"".join(read() for _ in range(30)) == b"2\n"
    assert [follower.path for follower in tail.followers] == [str(stays)]
    gone.write_bytes(b"4\n")
    now = 70.0
    assert read() == b"4\n"
    tail.close()


def test_an_inode_that_is_used_again_in_a_directory_is_another_log(tmp_path: Path) -> None:
    """A file that was known is written anew under another name."""
    old = tmp_path / "old.log"
    old.write_bytes(b"old\n")
    now = [0.0]
    members = members_of(tmp_path, lambda: now[0])
    assert members.appeared([]) == []
    new = tmp_path / "new.log"
    old.write_bytes(b"new\n")
    old.rename(new)
    now[0] = 10.0
    assert members.appeared([]) == [str(new)]
    now[0] = 20.0
    assert members.appeared([]) == []
    new.rename(old)
    now[0] = 30.0
    assert members.appeared([]) == []
