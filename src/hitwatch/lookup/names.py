"""Names of clients, as their owners' DNS gives them and as the names themselves confirm.

Who holds an address may call it anything, in reverse DNS; a name counts when it leads back to the
address (RFC 8499, "forward-confirmed").
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from ipaddress import ip_address
from queue import Empty, Queue

from hitwatch.patterns import Pattern

MOST = 1000
"""Addresses that are asked for at most."""

PATIENCE = 5.0
"""Seconds after which what has not been answered is left alone."""

_AT_ONCE = 32
_HOST_NAME = Pattern(r"(?=.{1,253}\.?\Z)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?")

Resolver = Callable[[str], str | None]
"""The confirmed name of an address; ``None``: it has none."""


def confirmed_name(address: str) -> str | None:
    """Ask the system for the name of an address, and whether that leads back to it.

    Args:
        address: IPv4 or IPv6.

    """
    try:
        name, _ = socket.getnameinfo((address, 0), socket.NI_NAMEREQD)
        if not _HOST_NAME.fullmatch(name):
            return None
        found = socket.getaddrinfo(name, None, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError):
        return None
    wanted = ip_address(address)
    return name.rstrip(".") if any(_is(entry[4][0], wanted) for entry in found) else None


def _is(text: object, wanted: object) -> bool:
    try:
        return ip_address(str(text).partition("%")[0]) == wanted
    except ValueError:
        return False


def names_of(
    clients: Iterable[str], resolve: Resolver = confirmed_name, patience: float = PATIENCE
) -> tuple[dict[str, str], int]:
    """Find the names of clients, many at once.

    Args:
        clients: as logged; what is no address has its name already.
        resolve: finds a name.
        patience: seconds.

    Returns:
        Names by address, and how many addresses were not answered in time or not asked for.

    """
    addresses = [client for client in dict.fromkeys(clients) if _is_address(client)]
    waiting: Queue[str] = Queue()
    answered: Queue[tuple[str, str | None]] = Queue()
    for address in addresses[:MOST]:
        waiting.put(address)

    def work() -> None:
        with suppress(Empty):
            while True:
                address = waiting.get_nowait()
                answered.put((address, resolve(address)))

    # A look-up that hangs must not keep the process: these threads end with it.
    for _ in range(min(_AT_ONCE, len(addresses))):
        threading.Thread(target=work, daemon=True).start()
    names: dict[str, str] = {}
    left, end = len(addresses), time.monotonic() + patience
    with suppress(Empty):
        for _ in addresses[:MOST]:
            address, name = answered.get(timeout=max(0.0, end - time.monotonic()))
            left -= 1
            if name:
                names[address] = name
    return names, left


def _is_address(client: str) -> bool:
    try:
        ip_address(client)
    except ValueError:
        return False
    return True
