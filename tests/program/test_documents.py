"""The commands that README and docs show run as they stand."""

from __future__ import annotations

import gzip
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from tests.program.running import run

DOCUMENTS = [Path(__file__).parents[2] / name for name in ("README.md", "docs/report.md")]
FENCED = re.compile(r"^```(?:sh)?\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMANDS = re.compile(r"^(?:\.venv/bin/)?hitwatch (?:report|parse|detect|query|replay) .*$", re.M)
LINE = (
    '192.0.2.{} - - [0{}/Jan/2026:10:00:00 +0000] "GET /shop/{} HTTP/1.1" {} 512 "-" "curl/8.5.0"\n'
)


def shown() -> list[str]:
    """The commands that read whole logs."""
    blocks = [block for path in DOCUMENTS for block in FENCED.findall(path.read_text("utf-8"))]
    return sorted({command for block in blocks for command in COMMANDS.findall(block)})


@pytest.mark.parametrize("command", shown())
def test_what_is_shown_runs(command: str, tmp_path: Path) -> None:
    """Each command ends well on a log of the name it shows."""
    lines = [LINE.format(n % 9, 1 + n % 3, n % 5, 200 + 300 * (n % 2)) for n in range(60)]
    (tmp_path / "access.log").write_text("".join(sorted(lines)))
    (tmp_path / "access.log.1.gz").write_bytes(gzip.compress("".join(lines).encode()))
    words = shlex.split(command, comments=True)[1:]
    ended = run(*words, folder=tmp_path)
    assert ended.returncode == 0, ended.stderr


def test_commands_are_found() -> None:
    """The documents show commands, so that none of these tests is empty."""
    assert len(shown()) >= 8


def test_the_tables_of_formats_are_up_to_date() -> None:
    """The page has every format that is shipped, and what lines are recognised as today."""
    script = Path(__file__).parents[2] / "bench" / "formats_page.py"
    ended = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


def test_no_sample_loses_a_value_in_another_format() -> None:
    """What is recognised as another format has the same values there."""
    page = (Path(__file__).parents[2] / "docs" / "formats.md").read_text("utf-8")
    assert "of which 0 lose or change a value" in page
