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

from hitwatch.outputs.name_cache import NameCache
from hitwatch.patterns import Pattern

MOST = 1000
"""Addresses that are asked for at most."""

PATIENCE = 5.0
"""Seconds after which what has not been answered is left alone."""

_AT_ONCE = 32
_HOST_NAME = Pattern(r"(?=.{1,253}\.?\Z)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?")

Resolver = Callable[[str], str | None]
"""The confirmed name of an address; ``None``: it has none. ``OSError``: nobody could tell."""

_NAMELESS = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))
"""What DNS answers when there is no such name or address."""


def confirmed_name(address: str) -> str | None:
    """Ask the system for the name of an address, and whether that leads back to it.

    Args:
        address: IPv4 or IPv6.

    Raises:
        OSError: nobody could tell, for now.

    """
    try:
        name, _ = socket.getnameinfo((address, 0), socket.NI_NAMEREQD)
        if not _HOST_NAME.fullmatch(name):
            return None
        found = socket.getaddrinfo(name, None, proto=socket.IPPROTO_TCP)
    except UnicodeError:
        return None
    except socket.gaierror as error:
        if error.errno in _NAMELESS:
            return None
        raise
    wanted = ip_address(address)
    return name.rstrip(".") if any(_is(entry[4][0], wanted) for entry in found) else None


def _is(text: object, wanted: object) -> bool:
    try:
        return ip_address(str(text).partition("%")[0]) == wanted
    except ValueError:
        return False


def names_of(
    clients: Iterable[str],
    resolve: Resolver = confirmed_name,
    patience: float = PATIENCE,
    cache: NameCache | None = None,
) -> tuple[dict[str, str | None], int]:
    """Find the names of clients, many at once.

    Args:
        clients: as logged; what is no address has its name already.
        resolve: finds a name.
        patience: seconds.
        cache: knows names from before; ``None``: nothing does.

    Returns:
        Names by address, ``None`` of those that have none; and how many addresses were not
        answered in time or not asked for.

    """
    addresses = [client for client in dict.fromkeys(clients) if _is_address(client)]
    names = cache.known(addresses) if cache else {}
    asked = [address for address in addresses if address not in names]
    answered = _answers(asked[:MOST], resolve, patience)
    if cache and answered:
        cache.remember(answered)
    return {**names, **answered}, len(asked) - len(answered)


def _answers(addresses: list[str], resolve: Resolver, patience: float) -> dict[str, str | None]:
    """What is answered in time."""
    waiting: Queue[str] = Queue()
    answered: Queue[tuple[str, str | None] | None] = Queue()
    for address in addresses:
        waiting.put(address)

    def work() -> None:
        with suppress(Empty):
            while True:
                address = waiting.get_nowait()
                try:
                    answered.put((address, resolve(address)))
                except OSError:
                    answered.put(None)

    # A look-up that hangs must not keep the process: these threads end with it.
    for _ in range(min(_AT_ONCE, len(addresses))):
        threading.Thread(target=work, daemon=True).start()
    names: dict[str, str | None] = {}
    end = time.monotonic() + patience
    with suppress(Empty):
        for _ in addresses:
            if answer := answered.get(timeout=max(0.0, end - time.monotonic())):
                names[answer[0]] = answer[1]
    return names


def _is_address(client: str) -> bool:
    try:
        ip_address(client)
    except ValueError:
        return False
    return True
