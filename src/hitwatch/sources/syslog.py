"""Syslog messages from the network as lines; what is around a line in them is left to the reader.

A datagram is a message (RFC 5426). On a connection a message begins with its length (RFC 6587,
octet counting) or ends with a line feed or NUL; each sender does as it likes.
"""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from selectors import EVENT_READ, DefaultSelector
from urllib.parse import urlsplit

from hitwatch.errors import InputError, UsageError
from hitwatch.follow.chunk import Chunk
from hitwatch.sources.tail import FileEvent, Followed

_DATAGRAM = 65_536
_BLOCK = 256 * 1024
_BUFFER = 8 << 20
"""Bytes that the kernel is asked to hold; it may hold less."""

_MOST_WAITING = 64 << 20
"""Bytes that wait to be counted; what comes when there are so many is lost, and said."""

_LONGEST = 2 << 20
"""The longest message that is held until it is whole, bytes."""

_MOST_CONNECTIONS = 100
"""Each may hold as much as the longest message."""

_WAKE_S = 0.2
_DIGITS = b"0123456789"


class Unframed:
    """Messages of one connection.

    >>> framing = Unframed()
    >>> framing.feed(b"5 <1>ab<2>c"), framing.feed(b"d\\n3 x")
    ([b'<1>ab'], [b'<2>cd'])

    """

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes in; give the messages that are whole now.

        Raises:
            ValueError: a message is too long to be held.

        """
        data, at = self._held + data, 0
        found: list[bytes] = []
        while at < len(data):
            place = self._place(data, at)
            if place is None:
                break
            begin, end, at = place
            found.append(data[begin:end])
        self._held = data[at:]
        if len(self._held) > _LONGEST:
            raise ValueError(f"a message is longer than {_LONGEST >> 20} MiB")
        return found

    def flush(self) -> list[bytes]:
        """What is held of a last message, when the connection has ended."""
        held, self._held = self._held, b""
        return [held] if held else []

    def _place(self, data: bytes, at: int) -> tuple[int, int, int] | None:
        """Where the message at an offset begins and ends, and where the next begins, if known."""
        if data[at] in _DIGITS[1:]:
            blank = at
            while blank < len(data) and data[blank] in _DIGITS:
                blank += 1
            length = int(data[at : min(blank, at + 10)])
            if data[blank : blank + 1] == b" " and length <= _LONGEST:
                end = blank + 1 + length
                return (blank + 1, end, end) if end <= len(data) else None
        ends = [end for end in (data.find(b"\n", at), data.find(b"\0", at)) if end >= 0]
        return (at, min(ends), min(ends) + 1) if ends else None


class Listener(Followed):
    """Takes messages in a thread, for the kernel holds few of them.

    Args:
        url: ``udp://`` or ``tcp://``, an address and a port.
        on_event: called with what happens to it.

    Raises:
        UsageError: the URL makes no sense.
        InputError: it cannot be listened there.

    """

    def __init__(self, url: str, on_event: Callable[[FileEvent], None]) -> None:
        super().__init__(url)
        self._on_event = on_event
        self._lock = threading.Lock()
        self._waiting: deque[bytes] = deque()
        self._size = self._lost = self._told_lost = 0
        self._told: deque[str] = deque()
        self._first_line = 1
        self._stopped = False
        self._is_stream, address = _address(url)
        try:
            self._socket = _bound(address, stream=self._is_stream)
        except OSError as error:
            raise InputError(
                "cannot be listened to",
                where=url,
                why=error.strerror or str(error),
                hint="another program may hold the port, and ports below 1024 are root's",
            ) from error
        work = self._take_streams if self._is_stream else self._take_datagrams
        self._thread = threading.Thread(target=work, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port that it listens to, also where the system chose it (port 0)."""
        port: int = self._socket.getsockname()[1]
        return port

    @property
    def lag(self) -> int:
        """Bytes that have come and have not been read."""
        return self._size

    def read(self, limit: int) -> list[Chunk]:
        """The messages that have come, as lines.

        Args:
            limit: about how many bytes to give at most.

        """
        taken: list[bytes] = []
        with self._lock:
            while self._waiting and limit > 0:
                message = self._waiting.popleft()
                self._size -= len(message)
                limit -= len(message)
                taken.append(message)
            lost, told = self._lost, list(self._told)
            self._told.clear()
        for said in told:
            self._on_event(FileEvent(self.path, said, wrong=True))
        if lost > self._told_lost:
            more, self._told_lost = lost - self._told_lost, lost
            said = f"got more than can be counted: {more:,} messages are lost"
            self._on_event(FileEvent(self.path, said, wrong=True))
        if not taken:
            return []
        first, self._first_line = self._first_line, self._first_line + len(taken)
        return [Chunk(self.path, b"".join(taken), first)]

    def close(self) -> list[Chunk]:
        """Listen no more; give what has come."""
        self._stopped = True
        self._thread.join()
        self._socket.close()
        return self.read(_MOST_WAITING)

    def _put(self, message: bytes) -> None:
        """A message as a line; what is a line end in it ends none."""
        line = message.rstrip(b"\r\n\0")
        if not line:
            return
        if b"\n" in line:
            line = line.replace(b"\n", b" ")
        with self._lock:
            if self._size > _MOST_WAITING:
                self._lost += 1
                return
            self._waiting.append(line + b"\n")
            self._size += len(line) + 1

    def _take_datagrams(self) -> None:
        self._socket.settimeout(_WAKE_S)
        while True:
            try:
                self._put(self._socket.recv(_DATAGRAM))
            except TimeoutError:
                if self._stopped:
                    return
            except OSError as error:
                self._told.append(f"cannot be read: {error.strerror or error}")
                return

    def _take_streams(self) -> None:
        self._socket.setblocking(False)
        with DefaultSelector() as selector:
            selector.register(self._socket, EVENT_READ)
            while not self._stopped or self._has_more(selector):
                for key, _ in selector.select(_WAKE_S):
                    if key.data is None:
                        self._accept(selector)
                    else:
                        self._receive(selector, key.data)
            for key in [*selector.get_map().values()]:
                if key.data is not None:
                    self._end(selector, key.data)

    def _has_more(self, selector: DefaultSelector) -> bool:
        return any(key.data is not None for key, _ in selector.select(0))

    def _accept(self, selector: DefaultSelector) -> None:
        try:
            accepted, _ = self._socket.accept()
        except OSError:
            # There are no descriptors left: the next one need not be tried at once.
            time.sleep(_WAKE_S)
            return
        if len(selector.get_map()) > _MOST_CONNECTIONS:
            accepted.close()
            self._told.append(f"refused a sender: {_MOST_CONNECTIONS:,} are connected")
            return
        accepted.setblocking(False)
        selector.register(accepted, EVENT_READ, _Connection(accepted))

    def _receive(self, selector: DefaultSelector, connection: _Connection) -> None:
        try:
            data = connection.socket.recv(_BLOCK)
            messages = connection.framing.feed(data) if data else []
        except BlockingIOError:
            return
        except OSError:
            self._end(selector, connection)
            return
        except ValueError as error:
            self._told.append(f"let go of a sender: {error}")
            connection.framing = Unframed()
            self._end(selector, connection)
            return
        for message in messages:
            self._put(message)
        if not data:
            self._end(selector, connection)

    def _end(self, selector: DefaultSelector, connection: _Connection) -> None:
        for message in connection.framing.flush():
            self._put(message)
        selector.unregister(connection.socket)
        connection.socket.close()


class _Connection:
    """A sender that is connected."""

    def __init__(self, accepted: socket.socket) -> None:
        self.socket = accepted
        self.framing = Unframed()


def _address(url: str) -> tuple[bool, tuple[str, int]]:
    """Whether messages come on connections, and where it is listened."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = None
    if parts.scheme not in ("udp", "tcp") or not parts.hostname or port is None or parts.path:
        raise UsageError(
            f"invalid address {url!r}: expected such as udp://127.0.0.1:5514 or tcp://[::1]:5514",
            where="--listen",
        )
    return parts.scheme == "tcp", (parts.hostname, port)


def _bound(address: tuple[str, int], *, stream: bool) -> socket.socket:
    """A socket at an address."""
    kind = socket.SOCK_STREAM if stream else socket.SOCK_DGRAM
    family, _, _, _, place = socket.getaddrinfo(*address, type=kind)[0]
    bound = socket.socket(family, kind)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        if stream:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(place)
        if stream:
            bound.listen()
    except OSError:
        bound.close()
        raise
    return bound
