"""Format files of the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hitwatch.errors import FormatError
from hitwatch.formats.format import Format, read_format
from hitwatch.formats.registry import add
from hitwatch.hits.samples import check_samples


def format_file(path: str) -> Format:
    """Read a format file, and hold the format to its samples.

    Raises:
        FormatError: it cannot be read, makes no sense, or a sample does not come out as stated.

    """
    try:
        text = Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError("the format file cannot be read", where=path, why=str(error)) from error
    log_format = read_format(text, where=path)
    check_samples(log_format)
    return log_format


def use_own_formats(environment: Mapping[str, str]) -> None:
    """Make the formats in ``$XDG_CONFIG_HOME/hitwatch/formats/*.toml`` known.

    Raises:
        FormatError: as ``format_file``.

    """
    home = environment.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    for path in sorted(Path(home, "hitwatch", "formats").glob("*.toml")):
        add(format_file(str(path)))
