"""What a shell completes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.program.running import environment, run
from tests.program.servers import require


def completed(*words: str) -> list[str]:
    """What bash is told to offer for the last of some words."""
    line = " ".join(("hitwatch", *words))
    ended = run(_HITWATCH_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=str(len(words)))
    return [said.partition(",")[2] for said in ended.stdout.splitlines()]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("rep",), ["replay", "report"]),
        (("watch", "--list"), ["--listen"]),
        (
            ("report", "--sort", "upstream_p"),
            ["upstream_p50_s", "upstream_p95_s", "upstream_p99_s"],
        ),
        (("report", "--panel", "slow"), ["slowest_paths"]),
        (("detect", "--log-format", "nginx-d"), ["nginx-default"]),
        (("report", "--display-tz", "Europe/Berl"), ["Europe/Berlin"]),
        (("report", "--output-format", "j"), ["json", "jsonl"]),
    ],
)
def test_commands_flags_and_values_are_offered(words: tuple[str, ...], offered: list[str]) -> None:
    """Those that begin as what has been typed."""
    assert completed(*words) == offered


def test_bash_takes_the_script(tmp_path: Path) -> None:
    """It completes a command in a shell that has read it."""
    script = tmp_path / "hitwatch.bash"
    script.write_text(run("completion", "bash").stdout)
    ask = "COMP_WORDS=(hitwatch rep); COMP_CWORD=1; _hitwatch_completion hitwatch"
    say = 'printf "%s\\n" "${COMPREPLY[@]}"'
    program = tmp_path / "hitwatch"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m hitwatch "$@"\n')
    program.chmod(0o755)
    ended = subprocess.run(
        [require("bash"), "-c", f"source {script}; {ask}; {say}"],
        capture_output=True,
        text=True,
        env={**environment(), "PATH": f"{tmp_path}:{environment()['PATH']}"},
    )
    assert ended.stdout.splitlines() == ["replay", "report"], ended


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_have_scripts(shell: str) -> None:
    """Which name the program."""
    assert "_HITWATCH_COMPLETE" in run("completion", shell).stdout


def test_a_shell_that_is_not_known_is_said() -> None:
    """With those that are."""
    done = run("completion", "tcsh")
    assert done.returncode == 2
    assert "'bash', 'zsh', 'fish'" in done.stderr
