"""Real logrotate beside a watch, bounded; ``bench/rotating.py`` does it at full speed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.program.running import environment
from tests.program.servers import require

ROTATING = Path(__file__).parents[2] / "bench" / "rotating.py"


@pytest.mark.parametrize(
    "way", ["rename", "compress", "delaycompress", "dateext xz", "copytruncate compress"]
)
def test_each_line_is_counted_once(way: str) -> None:
    """But for those that logrotate itself loses, which are none where it renames."""
    require("logrotate")
    words = ["--seconds", "3", "--rate", "5000", "--every", "0.4", way]
    ended = subprocess.run(
        [sys.executable, str(ROTATING), *words],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment(),
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.endswith(": right\n")
    assert int(ended.stdout.split(": ")[1].split(" ")[0]) >= 2, ended.stdout
