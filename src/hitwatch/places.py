"""Where the files of a user are, of which some may be another's; reads none of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def user_folder(environment: Mapping[str, str]) -> Path | None:
    """The folder of the user's own settings; ``None``: nothing says where a home is.

    Args:
        environment: the process's.

    """
    return _folder(environment, "XDG_CONFIG_HOME", ".config")


def cache_folder(environment: Mapping[str, str]) -> Path | None:
    """The folder of what can be made again; ``None``: nothing says where a home is.

    Args:
        environment: the process's.

    """
    return _folder(environment, "XDG_CACHE_HOME", ".cache")


def _folder(environment: Mapping[str, str], variable: str, usual: str) -> Path | None:
    """A folder of the user's: where a variable says, else in the usual one of the home."""
    if home := environment.get(variable):
        return Path(home, "hitwatch")
    try:
        return Path.home() / usual / "hitwatch"
    except RuntimeError:
        return None


def files_in(folder: Path, pattern: str) -> list[Path]:
    """The files of a folder that fit a pattern, by name; none where this user may not look."""
    try:
        return sorted(folder.glob(pattern))
    except PermissionError:
        return []


def is_file(path: Path) -> bool:
    """Whether there is a file, as far as this user may look."""
    try:
        return path.is_file()
    except PermissionError:
        return False
