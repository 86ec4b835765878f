"""Settings: each counts for every command, and is held to the same bounds wherever it stands."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from tests.program.running import line, run

from hitwatch.cli import commands

T0 = 1_767_225_600
LOGGING = sorted(
    name
    for name, command in commands.commands.items()
    if any("--log-file" in option.opts for option in command.params)
)
"""Commands that write hitwatch's own log."""

WORDS = {
    "detect": ["detect", "access.log"],
    "parse": ["parse", "access.log"],
    "query": ["query", "SELECT status FROM hits", "access.log"],
    "replay": ["replay", "access.log"],
    "report": ["report", "access.log"],
    "simulate": ["simulate", "--rate", "5", "--duration", "1s"],
    "watch": ["watch", "-"],
}
"""What runs each of them over a small log; ``demo`` has a test of its own in test_live."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small log in a folder of its own."""
    (tmp_path / "access.log").write_text("".join(line(T0 + n) for n in range(20)))
    return tmp_path


def test_no_command_is_forgotten() -> None:
    """Those with a log of their own are all tested."""
    assert [*LOGGING] == sorted([*WORDS, "demo"])


@pytest.mark.parametrize("command", WORDS)
def test_the_own_log_is_a_setting_of_every_command(command: str, folder: Path) -> None:
    """Flag, environment, settings files: the first that names a log and a level wins."""
    text = (folder / "access.log").read_text() if command == "watch" else None

    def logs(*words: str, **more: str) -> set[str]:
        ended = run(*WORDS[command], *words, text=text, folder=folder, **more)
        assert ended.returncode == 0, ended.stderr
        found = {path.name for path in folder.glob("*.own")}
        for name in found:
            (folder / name).unlink()
        return found

    assert logs() == set()
    (folder / "hitwatch.toml").write_text('log-file = "file.own"\nlog-level = "debug"\n')
    assert logs() == {"file.own"}
    assert logs(HITWATCH_LOG_FILE="environment.own") == {"environment.own"}
    assert logs("--log-file", "flag.own", HITWATCH_LOG_FILE="environment.own") == {"flag.own"}
    (folder / "named.toml").write_text('log-file = "named.own"\n')
    assert logs("--config", "named.toml") == {"named.own"}


@pytest.mark.parametrize("command", WORDS)
def test_a_level_that_there_is_not(command: str, folder: Path) -> None:
    """A wrong level is refused by every command, wherever it stands."""
    text = "" if command == "watch" else None
    (folder / "hitwatch.toml").write_text('log-file = "file.own"\nlog-level = "loud"\n')
    for more in ({}, {"HITWATCH_LOG_LEVEL": "loud"}):
        ended = run(*WORDS[command], text=text, folder=folder, **more)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert "log-level" in ended.stderr
        assert "Traceback" not in ended.stderr
        (folder / "hitwatch.toml").unlink(missing_ok=True)


def test_the_level_decides_what_is_logged(folder: Path) -> None:
    """A level in a settings file counts as the flag does."""
    for level, words in (("info", "file"), ("error", "")):
        (folder / "hitwatch.toml").write_text(f'log-file = "{level}.own"\nlog-level = "{level}"\n')
        run(*WORDS["simulate"], folder=folder)
        said = (folder / f"{level}.own").read_text() if (folder / f"{level}.own").exists() else ""
        assert ("wrote 5 lines" in said) == bool(words)


def test_every_option_is_explained() -> None:
    """Settings files are named alike by all commands that read them."""
    for name in LOGGING:
        options = {
            p.opts[0]: p for p in commands.commands[name].params if isinstance(p, click.Option)
        }
        assert "--config" in options
