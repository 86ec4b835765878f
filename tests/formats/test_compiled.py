"""What is compiled from TOML says what the TOML files say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hitwatch.formats.registry import builtin, name_only
from hitwatch.formats.shelf import FormatStore
from hitwatch.formats.toml import read_format

ROOT = Path(__file__).parents[2]
FORMATS = ROOT / "src" / "hitwatch" / "formats" / "builtin"


def test_compiled_files_are_up_to_date() -> None:
    """Whoever changes a TOML file is told to compile it anew."""
    script = ROOT / "bench" / "compile_data.py"
    ended = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(
    ("folder", "known"), [(FORMATS, builtin()), (FORMATS / "named", name_only())]
)
def test_formats_are_loaded_as_their_files_say(folder: Path, known: FormatStore) -> None:
    """Compiling loses nothing: the same formats are read from either."""
    files = {path.stem: path for path in folder.glob("*.toml")}
    assert files.keys() == known.keys()
    for name, path in files.items():
        assert known[name] == read_format(path.read_text("utf-8"), where=path.name)
