"""Settings: each counts for every command, and is held to the same bounds wherever it stands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import pytest
from tests.program.running import line, run

import hitwatch
from hitwatch.cli import commands
from hitwatch.errors import HitwatchError, SettingsError

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
        assert ("event=wrote lines=5" in said) == bool(words)


def test_a_settings_file_is_never_written(folder: Path) -> None:
    """What a run reads its settings from is no output, named or not, not even when asked for."""
    (folder / "hitwatch.toml").write_text("top = 3\n")
    (folder / "named.toml").write_text("top = 3\n")
    for name, words in (("hitwatch.toml", []), ("named.toml", ["--config", "named.toml"])):
        output = ["-o", name, "--overwrite", "--output-format", "jsonl"]
        ended = run("parse", "access.log", *output, *words, folder=folder)
        assert ended.returncode == 2, ended.stderr
        assert (folder / name).read_text() == "top = 3\n"


def test_every_option_is_explained() -> None:
    """Settings files are named alike by all commands that read them."""
    for name in LOGGING:
        options = {
            p.opts[0]: p for p in commands.commands[name].params if isinstance(p, click.Option)
        }
        assert "--config" in options


DURATIONS = ("0s", "-5s", "0.0000001s", "99999999999999999w", "9" * 400 + "d", "nan", "soon")
WHOLE = ("0", "-1", "1.5", "nan", "1e10", "9" * 30, "9" * 5000, "many", "")
THRESHOLDS = ("0", "-2", "nan", "inf", "1e400", "1e-999999999", "9" * 400 + "/1", "1/0", "much")
SPEEDS = ("0", "-1x", "nan", "inf", "1e400", "1e-300", "1e-999999999", "fast", "x", "")
RATES = ("-1", "nan", "inf", "1e300", "many")
OPTIONS = (
    [("replay", name, v) for name in ("short", "long", "resolution", "every") for v in DURATIONS]
    + [("watch", "backfill", value) for value in DURATIONS if not value.startswith("0")]
    + [("report", "bucket", value) for value in DURATIONS]
    + [("simulate", "duration", value) for value in DURATIONS]
    + [("replay", "top", value) for value in WHOLE]
    + [("report", "top", value) for value in (*WHOLE, *(f"paths={value}" for value in WHOLE))]
    + [("parse", "section-depth", value) for value in WHOLE]
    + [("report", "threshold", value) for value in THRESHOLDS]
    + [("replay", "speed", value) for value in SPEEDS]
    + [("simulate", "rate", value) for value in RATES]
    + [("simulate", "seed", value) for value in ("-1", "9" * 30)]
)


def refused(words: list[str]) -> str:
    """What a command line is refused with, without a process of its own for each."""
    with pytest.raises((HitwatchError, click.ClickException)) as caught:
        commands.main(words, standalone_mode=False)
    error = caught.value
    assert isinstance(error, HitwatchError | click.ClickException)
    assert error.exit_code == 2, error
    return error.format_message() if isinstance(error, click.ClickException) else str(error)


@pytest.fixture
def quiet(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Commands run in the folder, without settings of the user's, and leave signals alone."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    monkeypatch.setattr("signal.signal", lambda number, handler: None)
    return folder


@pytest.mark.parametrize(("command", "name", "value"), OPTIONS, ids=lambda value: value[:20])
def test_flags_out_of_bounds(command: str, name: str, value: str, quiet: Path) -> None:
    """Nothing, less, too much and nonsense are refused with the option's name, exit code 2."""
    words = ["watch", "access.log"] if command == "watch" else WORDS[command]
    said = refused([*words, f"--{name}={value}"])
    assert name in said
    assert len(said) < 400 or "9" * 400 in value


SETTINGS = {
    "short": DURATIONS,
    "long": DURATIONS,
    "resolution": DURATIONS,
    "every": DURATIONS,
    "backfill": [value for value in DURATIONS if not value.startswith("0")],
    "top": WHOLE,
    "section-depth": WHOLE,
    "threshold": ("nan", "inf", "1e400", "1/0", "much", ""),
}


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("command", ["detect", "parse", "replay", "report", "simulate"])
def test_settings_out_of_bounds(
    command: str, name: str, quiet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command refuses them where they stand: in the environment, in a file."""
    variable = f"HITWATCH_{name.replace('-', '_').upper()}"
    for value in SETTINGS[name]:
        monkeypatch.setenv(variable, value)
        said = refused(WORDS[command])
        assert "environment: " in said
        assert name in said
        monkeypatch.delenv(variable)
        digits = name in ("top", "section-depth") and value in ("0", "-1", "1.5", "nan")
        (quiet / "hitwatch.toml").write_text(f"{name} = {value if digits else repr(value)}\n")
        said = refused(WORDS[command])
        assert "hitwatch.toml: " in said
        assert name in said
        (quiet / "hitwatch.toml").unlink()


ARGUMENTS: dict[str, Sequence[Any]] = {
    "short": DURATIONS,
    "long": DURATIONS,
    "resolution": DURATIONS,
    "bucket": DURATIONS,
    "threshold": (*THRESHOLDS, 0, -1, math.nan, math.inf, 1e300),
    "top": (0, -1, 1.5, math.nan, 10**30, True),
    "tops": ({"paths": 0}, {"paths": -1}, {"paths": 10**30}),
    "section_depth": (0, -1, 1.5, math.nan, math.inf, 10**30),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_arguments_out_of_bounds(name: str, folder: Path) -> None:
    """Python refuses what the command line refuses."""
    for value in ARGUMENTS[name]:
        with pytest.raises(SettingsError):
            hitwatch.report(folder / "access.log", **{name: value})
        if name == "section_depth":
            with pytest.raises(SettingsError):
                hitwatch.scan(folder / "access.log", section_depth=value)


def test_bounds_leave_what_is_meant(quiet: Path) -> None:
    """No reading back, a fraction and a rule of one second are no slips."""
    for words in (
        ["replay", "--threshold", "3/2", "--resolution", "1s", "access.log"],
        ["replay", "--speed", "1000x", "--top", "1000000", "access.log"],
        ["watch", "--backfill", "0s", "-"],
        ["report", "--bucket", "365d", "--section-depth", "1000", "access.log"],
        ["simulate", "--rate", "0", "--duration", "1s"],
    ):
        ended = run(*words, text="" if "-" in words else None, folder=quiet)
        assert ended.returncode == 0, ended.stderr


def test_a_window_of_too_many_buckets(quiet: Path) -> None:
    """What could not be held in memory is refused before anything is read."""
    assert "buckets" in refused(["report", "--resolution", "1us", "access.log"])
