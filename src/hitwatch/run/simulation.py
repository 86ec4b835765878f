"""Simulate and demo: simulated traffic written to a log, and a watch over it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from msgspec import Struct, field

from hitwatch.errors import SettingsError
from hitwatch.formats.registry import by_name
from hitwatch.instants import SECOND, Duration, parse_duration
from hitwatch.options.fields import ENVIRONMENT_PREFIX
from hitwatch.outputs.outputs import Outputs, WholeLog
from hitwatch.outputs.target import STDOUT, display_name
from hitwatch.ports import Clock
from hitwatch.readmodel import Report
from hitwatch.render.outputs import write
from hitwatch.run import modes
from hitwatch.run.earlier import is_earlier
from hitwatch.simulate.scenario import Scenario, bundled_scenario, check, read_scenario, start_time
from hitwatch.simulate.scenario import bundled_names as bundled_names
from hitwatch.simulate.traffic import Block, GroundTruth, generate_blocks
from hitwatch.simulate.writer import LogWriter, write_fast, write_live

DEMO_EVERY: Duration = 5 * SECOND


class SimulationRun(Struct, frozen=True):
    """How a scenario is written.

    Attributes:
        output: the log; ``None`` for standard output.
        truth: where the truth file goes; ``None`` for none.
        live: at the pace of the clock, or as fast as can be.
        clock: tells the time.
        stopped: whether somebody asked the run to end.
        overwrite: whether an existing log may be erased, and any file replaced by the truth.
        append: whether an existing log is continued.
        outputs: opens both.
        progress: told how much of the scenario's time has been written, and how many lines.
    """

    output: Path | None
    truth: Path | None
    live: bool
    clock: Clock
    stopped: Callable[[], bool]
    overwrite: bool = False
    append: bool = False
    outputs: Outputs = field(default_factory=Outputs)
    progress: Callable[[Duration, int], None] | None = None


def scenario_named(word: str) -> Scenario:
    """Read a scenario by the path of its file, or by the name of one that is shipped.

    Raises:
        SettingsError: there is none, or it makes no sense.
    """
    path = Path(word)
    text = bundled_scenario(word) if not path.exists() else None
    if text is None:
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise SettingsError(
                "no scenario",
                where=word,
                why=why or "",
                hint=f"name a file, or one of those shipped: {', '.join(bundled_names())}",
            ) from error
    return read_scenario(text, word)


def with_changes(scenario: Scenario, **words: object) -> Scenario:
    """A scenario with some of its settings replaced; those that are ``None`` stay."""
    result = msgspec.structs.replace(
        scenario, **{name: value for name, value in words.items() if value is not None}
    )
    check(result, "scenario")
    return result


def simulate(scenario: Scenario, simulation: SimulationRun) -> GroundTruth:
    """Write a scenario's lines, and the truth about what was written.

    Raises:
        OutputError: the log or the truth file cannot be written.
        SettingsError: its format is not known.
    """
    log_format = by_name(scenario.log_format)
    now = simulation.clock.now() // SECOND * SECOND if simulation.live else None
    truth = GroundTruth(scenario, start_time(scenario, now))
    with simulation.outputs as outputs:
        truth_file = None
        if simulation.truth:
            truth_file = outputs.open_replacement(
                simulation.truth,
                is_earlier("truth", simulation.truth),
                overwrite=simulation.overwrite,
            )
        named = simulation.output or Path(STDOUT)
        sink = outputs.open_log(
            named,
            overwrite=simulation.overwrite,
            append=simulation.append,
            # A log that is followed or rotated meanwhile has to be in its place.
            in_place=simulation.live or scenario.rotation is not None,
        )
        log = LogWriter(sink, display_name(named), scenario.rotation, truth.start)
        complete = False
        try:
            _write(generate_blocks(scenario, log_format, truth.start), log, truth, simulation)
            complete = not simulation.stopped()
        finally:
            log.close()
            # The truth tells what was written of a log, also where it ended early; of one that
            # does not take the old one's place there is nothing to tell.
            if complete or not isinstance(sink, WholeLog):
                if truth_file:
                    write(truth_file, truth.to_json().encode())
                outputs.commit()
    return truth


def _write(
    lines: Iterator[Block], log: LogWriter, truth: GroundTruth, simulation: SimulationRun
) -> None:
    if simulation.progress:
        lines = _told(lines, simulation.progress, truth)
    if simulation.live:
        write_live(lines, log, truth, simulation.clock, simulation.stopped)
    else:
        write_fast(lines, log, truth, simulation.stopped)


def _told(
    blocks: Iterator[Block], progress: Callable[[Duration, int], None], truth: GroundTruth
) -> Iterator[Block]:
    """Blocks as they come; how far each reaches is told when it has been written."""
    for block in blocks:
        yield block
        progress(int(block.due[-1]), truth.lines)


def demo(run: modes.Run, *, keep_running: bool) -> Report:
    """Watch simulated traffic with an incident, on a shortened clock.

    A second process writes the log, as a server would; this one follows it.

    Args:
        run: what the modes share, its rule on the shortened clock.
        keep_running: whether to go on when the incident is over.
    """
    scenario = scenario_named("demo")
    length = sum(parse_duration(phase.duration) for phase in scenario.phases)
    with TemporaryDirectory(prefix="hitwatch-demo-") as folder:
        log = Path(folder) / "access.log"
        run.notify(f"a simulated site writes {log}; an incident comes after 27 seconds")
        words = [sys.executable, "-m", "hitwatch", "simulate", "demo", "--live", "-o", str(log)]
        # Settings are for the watch: the writer shall not add to the user's own log, too.
        words += ["--config", os.devnull]
        environment = {k: v for k, v in os.environ.items() if not k.startswith(ENVIRONMENT_PREFIX)}
        if keep_running:
            words += ["--duration", "24h"]
        writer = subprocess.Popen(  # noqa: S603 - our own words
            words, stderr=subprocess.DEVNULL, env=environment
        )
        try:
            ends_at = None if keep_running else run.clock.now() + length + 3 * SECOND
            return modes.watch(run, [str(log)], from_start=True, ends_at=ends_at)
        finally:
            writer.terminate()
            with suppress(subprocess.TimeoutExpired):
                writer.wait(5)
