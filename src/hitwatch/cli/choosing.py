"""Options that say which hits count, and what the words make of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hitwatch.cli.options import read_zone_info, together
from hitwatch.errors import UsageError

if TYPE_CHECKING:
    from hitwatch.config import Settings
    from hitwatch.hits.where import Where
    from hitwatch.stats.choice import Choice

choosing_options = together(
    click.option("--since", metavar="TIME", help="Leave out what is older."),
    click.option("--until", metavar="TIME", help="Leave out what is not older."),
    click.option("--where", metavar="EXPR", help="Only hits that meet a condition."),
    click.option("--host", metavar="GLOB", multiple=True, help="Only these virtual hosts."),
    click.option(
        "--exclude-client",
        metavar="CIDR",
        multiple=True,
        help="Leave out an address or network; @FILE lists them.",
    ),
    click.option("--exclude-path", metavar="GLOB", multiple=True, help="Leave out these paths."),
    click.option(
        "--only-bots/--no-bots", "bots", default=None, help="Only bots and tools, or none of them."
    ),
)


def read_choice(words: dict[str, Any], settings: Settings) -> Choice:
    """Which hits count, as the words have it.

    Raises:
        UsageError: a condition, a point in time or a network makes no sense.

    """
    from hitwatch.stats.choice import Choice

    return Choice(_condition(words, settings), words.get("bots"))


def _condition(words: dict[str, Any], settings: Settings) -> Where | None:
    """What the words say hits must meet."""
    from hitwatch.clocks import WallClock
    from hitwatch.hits.filters import between, exclude_clients, exclude_paths, only_hosts
    from hitwatch.hits.when import parse_when
    from hitwatch.hits.where import combine, parse_where

    now, zone = WallClock().now(), read_zone_info(words["tz"] or settings.tz or "UTC")
    since, until = (
        parse_when(words[name], now, zone) if words.get(name) else None
        for name in ("since", "until")
    )
    conditions = []
    if since is not None or until is not None:
        conditions.append(between(since, until))
    if words.get("where"):
        conditions.append(parse_where(words["where"]))
    if words.get("host"):
        conditions.append(only_hosts(words["host"]))
    if words.get("exclude_client"):
        conditions.append(exclude_clients(listed(words["exclude_client"])))
    if words.get("exclude_path"):
        conditions.append(exclude_paths(words["exclude_path"]))
    return combine(conditions) if conditions else None


def listed(entries: Iterable[str]) -> list[str]:
    """Networks, those in files among them.

    Args:
        entries: a network or several; ``@FILE`` names a file of them.

    Raises:
        UsageError: a file cannot be read.

    """
    from hitwatch.hits.filters import networks_in

    found: list[str] = []
    for entry in entries:
        if not entry.startswith("@"):
            found += networks_in(entry) or [entry]
            continue
        try:
            found += networks_in(Path(entry[1:]).read_text("utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError("cannot be read", where=entry[1:], why=str(error)) from error
    return found
