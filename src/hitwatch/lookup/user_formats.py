"""Format files of the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hitwatch.errors import FormatError
from hitwatch.formats.format import Format
from hitwatch.formats.registry import register_format
from hitwatch.places import files_in, user_folder


def load_format_file(path: str) -> Format:
    """Read a format file, and hold the format to its samples.

    Raises:
        FormatError: it cannot be read, is invalid, or a sample does not come out as stated.

    """
    # Few have formats of their own.
    from hitwatch.formats.toml import read_format
    from hitwatch.hits.samples import check_samples

    try:
        text = Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError("cannot read the format file", where=path, why=str(error)) from error
    log_format = read_format(text, where=path)
    check_samples(log_format)
    return log_format


def register_user_formats(environment: Mapping[str, str]) -> None:
    """Make the formats in ``$XDG_CONFIG_HOME/hitwatch/formats/*.toml`` known.

    Raises:
        FormatError: as ``load_format_file``.

    """
    folder = user_folder(environment)
    if folder is None:
        return
    for path in files_in(folder / "formats", "*.toml"):
        register_format(load_format_file(str(path)))
