"""Which files the arguments of a command name: paths, globs, directories, or the defaults."""

from __future__ import annotations

import glob
import stat
from collections.abc import Collection, Sequence
from pathlib import Path

from hitwatch.errors import InputError, UsageError
from hitwatch.follow.tracker import Identity
from hitwatch.patterns import Pattern

STDIN = "-"

DEFAULT_LOGS: tuple[str, ...] = (
    "/var/log/nginx/access.log",
    "/var/log/apache2/access.log",
    "/var/log/apache2/other_vhosts_access.log",
    "/var/log/httpd/access_log",
    "/var/log/httpd/access.log",
    "/var/log/caddy/access.log",
    "/usr/local/var/log/nginx/access.log",
    "/opt/homebrew/var/log/nginx/access.log",
)
"""Where nginx, Apache and Caddy put their access logs by default."""

COMPRESSED = (".gz", ".bz2", ".xz", ".zst")

_ROTATED = Pattern(r"[.\-_](?:\d[\d.\-_T]*|old|bak|prev|save)(?:\.[a-z0-9]+)?")
"""What a rotation puts behind the name of a log."""


def find_logs(sources: tuple[str, ...], *, live: bool) -> list[str]:
    """The files that a user's words name, each once, also where several names are one file.

    Args:
        sources: paths, globs, directories, or ``-``; none for the default paths.
        live: whether they are to be followed: then a path may not exist yet, and the
            compressed and rotated files of a directory are left out.

    Returns:
        Paths, in the order of the words and of names within a directory or glob.

    Raises:
        InputError: nothing is there to be read.
        UsageError: standard input is named together with files.

    """
    if not sources:
        return _default_logs()
    if STDIN in sources and len(sources) > 1:
        raise UsageError(
            "standard input (-) cannot be combined with files",
            hint="read them one after the other: cat FILES | hitwatch … -",
        )
    found: dict[Identity | str, str] = {}
    for source in sources:
        for path in _expand(source, live=live):
            found.setdefault(_identity(path), path)
    return list(found.values())


def names_several(source: str) -> bool:
    """Whether a user's word names whatever is in a directory or fits a glob."""
    path = Path(source)
    return path.is_dir() or (glob.has_magic(source) and not path.exists())


def growing(paths: Sequence[str]) -> tuple[list[str], list[str]]:
    """Which of several logs are to be followed, and which do not grow any more.

    Those are left out that are compressed, and those whose name is that of another one with
    what a rotation puts behind it. One that is named alone is followed whatever its name.

    Raises:
        InputError: all of them are compressed.

    """
    if len(paths) < 2:
        return list(paths), []
    names = set(paths)
    left = {path for path in paths if path.endswith(COMPRESSED) or _is_rotated(path, names)}
    kept = [path for path in paths if path not in left]
    if not kept:
        raise _none_grows(f"{paths[0]} and {len(paths) - 1} more")
    return kept, [path for path in paths if path in left]


def rotated_name(path: str) -> str:
    """What logs have in common that one rotation has named.

    >>> rotated_name("/var/log/access.log.2.gz") == rotated_name("/var/log/access.log")
    True
    >>> rotated_name("a/access-2026-01-31.log") == rotated_name("a/access-2026-02-01.log")
    True
    >>> rotated_name("a/access.log") == rotated_name("a/error.log")
    False

    """
    folder, name = Path(path).parent, Path(path).name
    plain = next((name.removesuffix(end) for end in COMPRESSED if name.endswith(end)), name)
    letters = "".join(char for char in plain if not char.isdecimal())
    return f"{folder}/{letters.strip('.-_')}"


def _none_grows(where: str) -> InputError:
    return InputError(
        "compressed logs do not grow",
        where=where,
        hint="hitwatch report or hitwatch replay reads them",
    )


def _is_rotated(path: str, names: Collection[str]) -> bool:
    """Whether a name is that of another log with what a rotation puts behind it."""
    ends = (end for end, char in enumerate(path) if char in ".-_")
    return any(path[:end] in names and _ROTATED.fullmatch(path[end:]) for end in ends)


def _identity(path: str) -> Identity | str:
    """What identifies a file under any of its names."""
    try:
        facts = Path(path).stat()
    except (OSError, ValueError):
        return path
    return Identity.of(facts) if stat.S_ISREG(facts.st_mode) else path


def _default_logs() -> list[str]:
    found = [place for place in DEFAULT_LOGS if Path(place).is_file()]
    if not found:
        raise InputError(
            "no access log given, and none at the default paths",
            why=f"looked for {', '.join(DEFAULT_LOGS)}",
            hint="name a log: hitwatch watch /path/to/access.log",
        )
    return found


def _expand(source: str, *, live: bool) -> list[str]:
    if source == STDIN:
        return [STDIN]
    path = Path(source)
    if path.is_dir():
        logs = _in_directory(path, live=live)
        if not logs:
            raise InputError(
                "no access logs in this directory",
                where=source,
                why="looked for *access*log* and *.log",
                hint="name the files themselves",
            )
        return logs
    if names_several(source):
        matches = sorted(match for match in glob.glob(source) if Path(match).is_file())
        if not matches:
            raise InputError("no file matches", where=source)
        if live and all(match.endswith(COMPRESSED) for match in matches):
            raise _none_grows(source)
        return matches
    # One that is not there is said when it is to be read, and the others are read all the same.
    return [source]


def _in_directory(directory: Path, *, live: bool) -> list[str]:
    names = {path for pattern in ("*access*log*", "*.log") for path in directory.glob(pattern)}
    if not live:
        names |= {path for ending in COMPRESSED for path in directory.glob(f"*.log*{ending}")}
    logs = [path for path in names if path.is_file() and "error" not in path.name]
    if live:
        logs = [path for path in logs if path.name.endswith(("log", "log.txt"))]
    return [str(path) for path in sorted(logs)]
