"""Where the reports of each virtual host go."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from hitwatch.errors import UsageError

PLACE = "{host}"
"""What stands for the host in the name of a file."""

_LONGEST = 100
_ON_STDOUT = (None, "text", "md", "json")


def check_outputs(names: Iterable[str], kind: str | None) -> None:
    """Check that each report has a place of its own.

    Args:
        names: of the files that are written.
        kind: what goes to standard output.

    Raises:
        UsageError: it has none.

    """
    for name in names:
        if PLACE not in Path(name).name:
            raise UsageError(
                "there is a report of each host",
                where=f"-o {name}",
                hint=f"name a file of each: -o report-{PLACE}{Path(name).suffix or '.json'}",
            )
    if kind not in _ON_STDOUT:
        raise UsageError(
            f"several reports are no {kind}",
            where=f"--by host, --output-format {kind}",
            hint=f"write a file of each: -o 'report-{PLACE}.{kind}'",
        )


def files_of(name: str, hosts: Iterable[str]) -> dict[str, Path]:
    """The file of each host.

    Names of hosts are what clients sent: of what they hold only letters, digits, points and
    hyphens stay, so that none leads elsewhere.

    Args:
        name: of the files, in which the host has its place.
        hosts: as logged.

    """
    taken: set[str] = set()
    found: dict[str, Path] = {}
    for host in hosts:
        plain = re.sub(r"[^a-z0-9.-]", "_", host.lower(), flags=re.ASCII)[:_LONGEST]
        plain = plain.lstrip(".") or "_"
        number, unique = 1, plain
        while unique in taken:
            number += 1
            unique = f"{plain}-{number}"
        taken.add(unique)
        path = Path(name)
        found[host] = path.with_name(path.name.replace(PLACE, unique))
    return found
