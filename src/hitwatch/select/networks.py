"""Addresses and networks out of hostile text; asks no resolver."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property, lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    collapse_addresses,
    ip_address,
    ip_network,
)
from typing import TypeAlias

from msgspec import Struct

from hitwatch.patterns import Pattern

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_LONGEST = 80
"""No address with zone, brackets and port is longer."""

_PORT = r"(?::[0-9]{1,5})?"
_ADDRESS = Pattern(
    rf"\[(?P<inner>[0-9A-Fa-f:.]+)(?:%[\w.-]{{1,16}})?\]{_PORT}"
    rf"|(?P<four>[0-9.]+){_PORT}"
    r"|(?P<six>[0-9A-Fa-f:.]+)(?:%[\w.-]{1,16})?"
)


@lru_cache(maxsize=1 << 16)
def parse_address(text: str) -> Address | None:
    """Read an address, without the port, brackets and zone around it.

    IPv4 inside IPv6 (``::ffff:192.0.2.1``) is IPv4: servers that listen on both log so.

    Args:
        text: what a log or header has.

    Returns:
        The address; ``None`` when the text is not one.

    >>> parse_address("[2001:db8::1]:443"), parse_address("192.0.2.1:80"), parse_address("unknown")
    (IPv6Address('2001:db8::1'), IPv4Address('192.0.2.1'), None)

    """
    found = _ADDRESS.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        return None
    try:
        address = ip_address(found["inner"] or found["four"] or found["six"])
    except ValueError:
        return None
    return _unmap(address)


def parse_network(text: str) -> Network:
    """Read a network, or an address as a network of one.

    Raises:
        ValueError: it is neither.

    >>> parse_network("10.1.2.3/8"), parse_network("::1")
    (IPv4Network('10.0.0.0/8'), IPv6Network('::1/128'))

    """
    try:
        network = ip_network(text.strip(), strict=False)
    except ValueError as error:
        raise ValueError(f"invalid address or network {text!r}") from error
    mapped = _unmap(network.network_address)
    if isinstance(network, IPv6Network) and isinstance(mapped, IPv4Address):
        # A wider one holds more than IPv4, and no mapped address is ever asked for.
        if network.prefixlen < 96:
            return network
        return IPv4Network((int(mapped), network.prefixlen - 96), strict=False)
    return network


def _unmap(address: Address) -> Address:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


class Networks(Struct, frozen=True, dict=True):
    """Networks as one set, asked by halving.

    Attributes:
        networks: in any order, also overlapping.

    """

    networks: tuple[Network, ...]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Networks:
        """Read networks and addresses.

        Raises:
            ValueError: one is neither.

        """
        return cls(tuple(parse_network(text) for text in texts))

    @cached_property
    def bounds(self) -> dict[int, tuple[list[int], list[int]]]:
        """Per version the first and the last addresses of networks that do not overlap."""
        fours = [n for n in self.networks if isinstance(n, IPv4Network)]
        sixes = [n for n in self.networks if isinstance(n, IPv6Network)]
        return {
            4: _bounds_of(collapse_addresses(fours)),
            6: _bounds_of(collapse_addresses(sixes)),
        }

    def __contains__(self, address: Address) -> bool:
        firsts, lasts = self.bounds[address.version]
        number = int(address)
        at = bisect_right(firsts, number) - 1
        return at >= 0 and number <= lasts[at]

    def contains(self, text: str) -> bool:
        """Whether a text is an address in one of these networks."""
        address = parse_address(text)
        return address is not None and address in self


def _bounds_of(networks: Iterable[Network]) -> tuple[list[int], list[int]]:
    pairs = sorted((int(n.network_address), int(n.broadcast_address)) for n in networks)
    return [first for first, _ in pairs], [last for _, last in pairs]
