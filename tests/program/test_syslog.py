"""``watch --listen``: syslog messages as real senders send them."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.program.running import Live, line, run
from tests.program.servers import free_port, nginx, require

from hitwatch.sources.syslog import Listener, Unframed

BODY = st.binary(min_size=1, max_size=40).filter(lambda text: not {10, 0} & {*text})
MESSAGES = st.lists(st.tuples(st.booleans(), BODY.map(lambda body: b"<190>" + body)), max_size=12)


@given(MESSAGES, st.lists(st.integers(0, 500), max_size=8))
def test_messages_are_the_same_however_they_are_framed_and_cut(
    messages: list[tuple[bool, bytes]], cuts: list[int]
) -> None:
    """Octet-counted or newline-framed, in turns, in pieces of any size."""
    stream = b"".join(
        b"%d %s" % (len(body), body) if counted else body + b"\n" for counted, body in messages
    )
    framing, found, begin = Unframed(), list[bytes](), 0
    for cut in (*sorted(cut for cut in cuts if cut <= len(stream)), len(stream)):
        found += framing.feed(stream[begin:cut])
        begin = cut
    assert found + framing.flush() == [body for _, body in messages]


@given(st.lists(st.binary(max_size=300), max_size=10))
def test_no_bytes_break_the_framing(pieces: list[bytes]) -> None:
    """Whatever a sender sends, what is given has been sent."""
    framing = Unframed()
    found = [message for piece in pieces for message in framing.feed(piece)] + framing.flush()
    assert sum(map(len, found)) <= sum(map(len, pieces))


@contextmanager
def listening(*words: str) -> Iterator[tuple[Live, int]]:
    """A watch that listens, and its port."""
    port = free_port()
    urls = [word.format(port=port) for word in words]
    live = Live(*urls, "--every", "1s")
    live.until(lambda: any("listening" in told for told in live.told))
    yield live, port


def test_nginx_sends_its_log_by_syslog(tmp_path: Path) -> None:
    """As ``access_log syslog:server=…`` has it: a datagram a request, RFC 3164."""
    with listening("--listen", "udp://127.0.0.1:{port}") as (live, port):
        with nginx(tmp_path, syslog=f"server=127.0.0.1:{port},tag=web") as server:
            server.load("/shop/cart", 49)
            server.get("/index.html")
            live.until(lambda: live.hits == 50)
        end = live.end()
    assert (end["hits"], end["rejects"]) == (50, 0)


@pytest.mark.parametrize(
    ("url", "flags"),
    [
        ("udp://127.0.0.1:{port}", ["--udp", "--rfc3164"]),
        ("udp://127.0.0.1:{port}", ["--udp", "--rfc5424"]),
        ("tcp://127.0.0.1:{port}", ["--tcp", "--rfc3164"]),
        ("tcp://127.0.0.1:{port}", ["--tcp", "--rfc5424", "--octet-count"]),
    ],
)
def test_logger_sends_lines(url: str, flags: list[str]) -> None:
    """util-linux's logger, by both protocols, both formats and both framings."""
    program = require("logger")
    with listening("--listen", url) as (live, port):
        words = [program, "-n", "127.0.0.1", "-P", str(port), "-p", "local7.info", *flags]
        text = "".join(line(time.time()) for _ in range(200))
        subprocess.run([*words, "-t", "web"], input=text, text=True, check=True)
        live.until(lambda: live.hits == 200)
        end = live.end()
    assert (end["hits"], end["rejects"]) == (200, 0)


def test_a_burst_is_not_lost(tmp_path: Path) -> None:
    """More than the kernel holds between two polls, beside a log that is followed."""
    log = tmp_path / "access.log"
    log.touch()
    with listening(str(log), "--listen", "udp://127.0.0.1:{port}") as (live, port):
        message = f"<190>Jan  1 00:00:00 host web: {line(time.time())}".encode()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for number in range(20_000):
                sender.sendto(message, ("127.0.0.1", port))
                if number % 50 == 0:
                    time.sleep(0.002)
        with log.open("a") as file:
            file.write(line(time.time()) * 5)
        live.until(lambda: live.hits == 20_005)
        end = live.end()
    assert end["rejects"] == 0


def test_garbage_and_what_is_too_long_end_nothing() -> None:
    """A megabyte in one message is counted as a reject; longer ones end their connection."""
    with listening("--listen", "tcp://127.0.0.1:{port}") as (live, port):
        place = ("127.0.0.1", port)
        good = f"<190>Jan  1 00:00:00 host web: {line(time.time())}".encode()
        with socket.create_connection(place) as sender:
            sender.sendall(good * 10)
        live.until(lambda: live.hits == 10)
        with socket.create_connection(place) as sender:
            sender.sendall(b"<190>" + b"x" * (1 << 20) + b"\n" + good)
            sender.sendall(bytes(range(256)) * 10 + b"\n")
        with socket.create_connection(place) as sender, suppress(OSError):
            # It is let go of in the middle.
            sender.sendall(b"y" * (20 << 20))
        with socket.create_connection(place) as sender:
            # The last one lacks its line end.
            sender.sendall(good * 2 + good.rstrip(b"\n"))
        live.until(lambda: live.hits == 14)
        end = live.end()
        assert any("longer than 2 MiB" in told for told in live.told)
    assert end["hits"] == 14
    assert end["rejects"] >= 2


def test_a_port_that_is_taken_and_a_wrong_address_are_said() -> None:
    """With what to do, and without a traceback."""
    taken = Listener("tcp://127.0.0.1:0", lambda _: None)
    done = run("watch", "--listen", f"tcp://127.0.0.1:{taken.port}")
    taken.close()
    assert done.returncode == 3
    assert "cannot be listened to: Address already in use" in done.stderr
    for url in ("udp://", "127.0.0.1:5514", "http://127.0.0.1:1", "udp://127.0.0.1:x", "tcp://h"):
        done = run("watch", "--listen", url)
        assert done.returncode == 2, url
        assert "expected such as udp://127.0.0.1:5514" in done.stderr
