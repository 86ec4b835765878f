"""Opens what takes bytes as they come: descriptors, devices, pipes and sockets."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from collections.abc import Callable
from typing import IO

from hitwatch.errors import OutputClosedError, OutputError
from hitwatch.outputs.target import Target, unwritable

_POLL_SECONDS = 0.05
"""Seconds between two looks for a reader of a pipe."""


def open_stream(target: Target, stopped: Callable[[], bool]) -> int:
    """Open a target that is a stream.

    Args:
        target: what it is.
        stopped: whether the run was asked to end, while a pipe has no reader yet.

    Returns:
        A descriptor of its own; whatever was there is neither truncated nor removed.

    Raises:
        OutputError: it cannot be opened for writing.
        OutputClosedError: the run was ended before anybody read the pipe.

    """
    try:
        if target.descriptor is not None:
            return _duplicate(target, target.descriptor)
        mode = target.status.st_mode if target.status else 0
        if stat.S_ISSOCK(mode):
            return _connect(target)
        if stat.S_ISFIFO(mode):
            return _wait_for_reader(target, stopped)
        # Linux refuses a disk that is in use when it is opened exclusively (``open(2)``).
        exclusive = os.O_EXCL if stat.S_ISBLK(mode) else 0
        return os.open(target.named, os.O_WRONLY | os.O_NOCTTY | os.O_CLOEXEC | exclusive)
    except OSError as error:
        raise unwritable(target.named, error) from error


def _duplicate(target: Target, descriptor: int) -> int:
    if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
        raise OutputError("cannot be written", where=target.name, why="it is open for reading only")
    return os.dup(descriptor)


def _connect(target: Target) -> int:
    """A connection to who listens at a socket of the file system."""
    # Few write to one.
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(str(target.named))
        return os.dup(connection.fileno())


def _wait_for_reader(target: Target, stopped: Callable[[], bool]) -> int:
    """A pipe that somebody reads.

    Opened in one go the wait for a reader would not end when a signal asks for it.
    """
    while True:
        try:
            descriptor = os.open(target.named, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            if stopped():
                raise OutputClosedError(
                    "ended before anybody read the pipe", where=str(target.named)
                ) from error
            time.sleep(_POLL_SECONDS)
            continue
        os.set_blocking(descriptor, True)
        return descriptor


def file_of(descriptor: int, target: Target) -> IO[bytes]:
    """A file over a descriptor that has the name the user gave, for messages."""
    return open(target.name, "wb", opener=lambda _path, _flags: descriptor)


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Write all of it.

    Raises:
        OSError: the disk is full, nobody reads, or the like.

    """
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def silence_stdout() -> None:
    """Let what is still in the buffer of standard output go nowhere.

    What it was for has gone or is full; flushing it at the end would fail again.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
