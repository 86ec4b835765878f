"""Conditions behind options that say a common wish in fewer words than ``--where``."""

from __future__ import annotations

from collections.abc import Iterable

from hitwatch.errors import UsageError
from hitwatch.formats.columns import BY_NAME
from hitwatch.instants import Instant, rfc3339
from hitwatch.select.networks import Networks
from hitwatch.select.predicate import (
    And,
    Compare,
    Like,
    Matches,
    Not,
    OfSites,
    Or,
    Predicate,
    Satisfies,
    Within,
    glob_regex,
    pattern_error,
)
from hitwatch.stats.urls import referring_site


def read_entries(text: str) -> list[str]:
    """The entries of a file of networks or sites: one or more a line, ``#`` begins a comment.

    >>> read_entries("10.0.0.0/8  # office\\n\\n# bots\\n192.0.2.1, ::1\\n")
    ['10.0.0.0/8', '192.0.2.1', '::1']

    """
    bare = (line.partition("#")[0].replace(",", " ") for line in text.splitlines())
    return [entry for line in bare for entry in line.split()]


def parse_networks(entries: Iterable[str]) -> Networks:
    """Networks as a user writes them.

    Raises:
        UsageError: an entry is neither an address nor a network.

    """
    try:
        return Networks.of(entries)
    except ValueError as error:
        raise UsageError(str(error), hint="write 192.0.2.1, 10.0.0.0/8 or 2001:db8::/32") from error


def exclude_clients(entries: Iterable[str]) -> Predicate:
    """All hits but those whose client is in one of some networks.

    Hits whose client is unknown, or a host name, are kept.

    Args:
        entries: addresses and networks.

    Raises:
        UsageError: an entry is neither.

    """
    return Not(Satisfies(BY_NAME["client"], Within(parse_networks(entries))))


def exclude_paths(globs: Iterable[str]) -> Predicate:
    """All hits but those whose path fits one of some globs; hits without a path are kept."""
    return Not(Or(tuple(Satisfies(BY_NAME["path"], Like(_check_glob(g))) for g in globs)))


def exclude_referrers(entries: Iterable[str]) -> Predicate:
    """All hits but those that came from one of some sites, or say so; others are kept.

    Args:
        entries: hosts, of which those under them are meant too.

    Raises:
        UsageError: an entry is no host.

    """
    sites = set()
    for entry in entries:
        site = referring_site(entry if "://" in entry else f"https://{entry}/")
        if site is None:
            raise UsageError(
                f"{entry[:60]!r} is no site",
                where="--exclude-referrer",
                hint="write its host, as in spam.example",
            )
        sites.add(site)
    return Not(Satisfies(BY_NAME["referrer"], OfSites(frozenset(sites))))


def only_hosts(globs: Iterable[str]) -> Predicate:
    """Hits whose virtual host fits one of some globs, in upper or lower case."""
    # Clients that send the port in Host make some servers log it; it is not part of the name.
    return Or(tuple(Satisfies(BY_NAME["host"], _host(_check_glob(g))) for g in globs))


def _check_glob(glob: str) -> str:
    """The glob, when it is not too long to be compiled."""
    if wrong := pattern_error(glob_regex(glob, fold=True)):
        raise UsageError(f"invalid pattern {glob[:60]!r}", why=wrong)
    return glob


def _host(glob: str) -> Matches:
    return Matches(glob_regex(glob, fold=True).removesuffix(r"\z") + r"\.?(?::[0-9]+)?\z")


def in_time_range(since: Instant | None, until: Instant | None) -> Predicate:
    """Hits from an instant on, and before another; a hit without a time is in no span.

    Args:
        since: the first instant that counts; ``None``: from the beginning.
        until: the first instant that counts no more; ``None``: to the end.

    Raises:
        UsageError: the span is empty.

    """
    if since is not None and until is not None and since >= until:
        raise UsageError(
            f"empty time range: {rfc3339(since)} to {rfc3339(until)}",
            hint="--since must be before --until",
        )
    bounds = ((">=", since), ("<", until))
    time = BY_NAME["time"]
    return And(tuple(Satisfies(time, Compare(op, at)) for op, at in bounds if at is not None))
