"""Simulate and demo: made-up traffic written to a log, and a watch over it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from hitwatch.errors import OutputError, SettingsError
from hitwatch.hits.formats import by_name
from hitwatch.ports import Clock
from hitwatch.run import modes
from hitwatch.sayings import End
from hitwatch.sources.scenario import Scenario, check, read_scenario, shipped, start_of
from hitwatch.sources.scenario import shipped_names as shipped_names
from hitwatch.sources.simulate import Truth, blocks
from hitwatch.sources.writing import Log, write_fast, write_live
from hitwatch.spans import SECOND, Duration, parse_duration

DEMO_EVERY: Duration = 5 * SECOND


@dataclass(frozen=True, slots=True)
class Making:
    """How a scenario is written.

    Attributes:
        output: the log; ``None`` for standard output.
        truth: where the truth file goes; ``None`` for none.
        live: at the pace of the clock, or as fast as can be.
        clock: tells the time.
        stopped: whether somebody asked the run to end.
    """

    output: Path | None
    truth: Path | None
    live: bool
    clock: Clock
    stopped: Callable[[], bool]


def scenario_named(word: str) -> Scenario:
    """Read a scenario by the path of its file, or by the name of one that is shipped.

    Raises:
        SettingsError: there is none, or it makes no sense.
    """
    path = Path(word)
    text = shipped(word) if not path.exists() else None
    if text is None:
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise SettingsError(
                "no scenario",
                where=word,
                why=why or "",
                hint=f"name a file, or one of those shipped: {', '.join(shipped_names())}",
            ) from error
    return read_scenario(text, word)


def changed(scenario: Scenario, **words: object) -> Scenario:
    """A scenario with some of its settings replaced; those that are ``None`` stay."""
    result = msgspec.structs.replace(
        scenario, **{name: value for name, value in words.items() if value is not None}
    )
    check(result, "scenario")
    return result


def simulate(scenario: Scenario, making: Making) -> Truth:
    """Write a scenario's lines, and the truth about what was written.

    Raises:
        OutputError: the log or the truth file cannot be written.
        SettingsError: its format is not known.
    """
    log_format = by_name(scenario.log_format)
    now = making.clock.now() // SECOND * SECOND if making.live else None
    truth = Truth(scenario, start_of(scenario, now))
    log = Log(making.output, scenario.rotation, fresh=not making.live)
    lines = blocks(scenario, log_format, truth.start)
    try:
        if making.live:
            write_live(lines, log, truth, making.clock, making.stopped)
        else:
            write_fast(lines, log, truth, making.stopped)
    finally:
        log.close()
        if making.truth:
            _write(making.truth, truth.to_json())
    return truth


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise OutputError(
            "cannot write the truth file", where=str(path), why=error.strerror or str(error)
        ) from error


def demo(run: modes.Run, *, keep_running: bool) -> End:
    """Watch made-up traffic with an incident, on a shortened clock.

    A second process writes the log, as a server would; this one follows it.

    Args:
        run: what the modes share, its rule on the shortened clock.
        keep_running: whether to go on when the incident is over.
    """
    scenario = scenario_named("demo")
    length = sum(parse_duration(phase.duration) for phase in scenario.phases)
    with TemporaryDirectory(prefix="hitwatch-demo-") as folder:
        log = Path(folder) / "access.log"
        log.touch()
        run.notify(f"a made-up site writes {log}; an incident comes after 27 seconds")
        words = [sys.executable, "-m", "hitwatch", "simulate", "demo", "--live", "-o", str(log)]
        if keep_running:
            words += ["--duration", "24h"]
        writer = subprocess.Popen(words, stderr=subprocess.DEVNULL)  # noqa: S603 - our own words
        try:
            ends_at = None if keep_running else run.clock.now() + length + 3 * SECOND
            return modes.watch(run, [str(log)], from_start=True, ends_at=ends_at)
        finally:
            writer.terminate()
            with suppress(subprocess.TimeoutExpired):
                writer.wait(5)
