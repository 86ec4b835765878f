"""Which files the words of a user name: paths, globs, directories, or the usual places."""

from __future__ import annotations

import glob
import stat
from pathlib import Path

from hitwatch.errors import InputError, UsageError
from hitwatch.follow.tracker import Identity

STDIN = "-"

USUAL_PLACES: tuple[str, ...] = (
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

_COMPRESSED = (".gz", ".bz2", ".xz", ".zst")


def find_logs(words: tuple[str, ...], *, live: bool) -> list[str]:
    """The files that a user's words name, each once, also where several names are one file.

    Args:
        words: paths, globs, directories, or ``-``; none for the usual places.
        live: whether they are to be followed: then a path may not exist yet, and the
            compressed and rotated files of a directory are left out.

    Returns:
        Paths, in the order of the words and of names within a directory or glob.

    Raises:
        InputError: nothing is there to be read.
        UsageError: standard input is named together with files.

    """
    if not words:
        return _usual()
    if STDIN in words and len(words) > 1:
        raise UsageError(
            "standard input (-) cannot be combined with files",
            hint="read them one after the other: cat FILES | hitwatch … -",
        )
    found: dict[Identity | str, str] = {}
    for word in words:
        for path in _expand(word, live=live):
            found.setdefault(_identity(path), path)
    return list(found.values())


def _identity(path: str) -> Identity | str:
    """What tells a file from all others, whatever it is called: one by many names is one."""
    try:
        facts = Path(path).stat()
    except (OSError, ValueError):
        return path
    return Identity.of(facts) if stat.S_ISREG(facts.st_mode) else path


def _usual() -> list[str]:
    found = [place for place in USUAL_PLACES if Path(place).is_file()]
    if not found:
        raise InputError(
            "no access log named, and none in the usual places",
            why=f"looked for {', '.join(USUAL_PLACES)}",
            hint="name a log: hitwatch watch /path/to/access.log",
        )
    return found


def _expand(word: str, *, live: bool) -> list[str]:
    if word == STDIN:
        return [STDIN]
    path = Path(word)
    if path.is_dir():
        logs = _in_directory(path, live=live)
        if not logs:
            raise InputError(
                "no access logs in this directory",
                where=word,
                why="looked for *access*log* and *.log",
                hint="name the files themselves",
            )
        return logs
    if glob.has_magic(word) and not path.exists():
        matches = sorted(match for match in glob.glob(word) if Path(match).is_file())
        if not matches:
            raise InputError("no file matches", where=word)
        growing = [match for match in matches if not match.endswith(_COMPRESSED)]
        if live and not growing:
            raise InputError(
                "compressed logs do not grow",
                where=word,
                hint="hitwatch report or hitwatch replay reads them",
            )
        return growing if live else matches
    # One that is not there is said when it is to be read, and the others are read all the same.
    return [word]


def _in_directory(directory: Path, *, live: bool) -> list[str]:
    names = {path for pattern in ("*access*log*", "*.log") for path in directory.glob(pattern)}
    if not live:
        names |= {path for ending in _COMPRESSED for path in directory.glob(f"*.log*{ending}")}
    logs = [path for path in names if path.is_file() and "error" not in path.name]
    if live:
        logs = [path for path in logs if path.name.endswith(("log", "log.txt"))]
    return [str(path) for path in sorted(logs)]
