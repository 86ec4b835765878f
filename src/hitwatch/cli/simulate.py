"""Commands that make up traffic: simulate, demo and bench."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import click

from hitwatch.cli.options import (
    CONDITION_MET,
    FINE,
    display_options,
    end_on_term,
    notify,
    own_log_options,
    prepared,
    stop_on_signals,
)
from hitwatch.cli.outputs import begin
from hitwatch.clocks import Stop
from hitwatch.errors import UsageError


@click.command()
@click.argument("scenario", required=False, metavar="[SCENARIO]")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The log to write.")
@click.option("--overwrite", is_flag=True, help="Erase the log if it exists.")
@click.option("--append", is_flag=True, help="Continue the log if it exists.")
@click.option("--live/--fast", default=False, help="At the clock's pace, or as fast as can be.")
@click.option("--truth", type=click.Path(path_type=Path), help="Where to write the truth file.")
@click.option("--rate", type=float, help="Lines a second, in one phase.")
@click.option("--duration", metavar="DURATION", help="How long that phase lasts.")
@click.option("--log-format", metavar="NAME", help="Format to write.")
@click.option("--profile", type=click.Choice(["realistic", "uniform"]), help="What site it is.")
@click.option("--seed", type=int, help="The same seed gives the same bytes.")
@own_log_options
def simulate(
    scenario: str | None,
    *,
    output: Path | None,
    overwrite: bool,
    append: bool,
    live: bool,
    truth: Path | None,
    rate: float | None,
    duration: str | None,
    log_format: str | None,
    profile: str | None,
    seed: int | None,
    **words: Any,
) -> int:
    """Write made-up traffic with known incidents.

    SCENARIO is a TOML file, or the name of one that is shipped: busy, day, demo. Without
    one, --rate and --duration make a single steady phase. Without --output the lines go to
    standard output. A log that exists is neither erased nor continued unless --overwrite or
    --append says so.
    """
    from hitwatch.clocks import WallClock
    from hitwatch.outputs.outputs import Outputs
    from hitwatch.run.simulation import SimulationRun, scenario_named, with_changes
    from hitwatch.run.simulation import simulate as write
    from hitwatch.simulate.scenario import Phase, Scenario

    if overwrite and append:
        raise UsageError("a log is either erased or continued", where="--overwrite, --append")
    stop = Stop()
    stop_on_signals(stop)
    outputs = Outputs(stop.is_set)
    begin(outputs, words, [scenario] if scenario else [])
    named = (
        scenario_named(scenario) if scenario else Scenario(phases=[Phase(rate=100, duration="1m")])
    )
    first = named.phases[0]
    phases = None
    if rate is not None or duration is not None:
        steady = Phase(
            rate=first.rate if rate is None else rate, duration=duration or first.duration
        )
        phases = [steady]
    named = with_changes(named, phases=phases, log_format=log_format, profile=profile, seed=seed)
    clock = WallClock(stop)
    simulation = SimulationRun(output, truth, live, clock, stop.is_set, overwrite, append, outputs)
    written = write(named, simulation)
    logging.getLogger("hitwatch").info("wrote %d lines", written.lines)
    notify(f"wrote {written.lines:,} lines" + (f" to {output}" if output else ""))
    if written.behind:
        notify(f"the pace could not be held: {written.behind:,} lines were due and are not written")
    return FINE


_OF_A_DEMO = ("top", "alert_log", "log_file", "log_level")
"""Settings that a demo obeys: what is said and where. What is watched is its own."""


@click.command()
@click.option("--keep-running", is_flag=True, help="Go on when the incident is over.")
@display_options
@own_log_options
def demo(*, keep_running: bool, **words: Any) -> int:
    """Simulate a site with an incident and watch it: nothing is needed.

    The clock is shortened: buckets of 1 s, windows of 4 s and 16 s, figures every 5 s. The
    alert fires and clears within a minute, then the demo ends.
    """
    shortened = {
        "log_format_from": None,
        "short": "4s",
        "long": "16s",
        "resolution": "1s",
        "threshold": None,
        "metric": None,
        "log_format": None,
        "section_depth": None,
        "tz": None,
        "duration_unit": None,
        "every": words["every"] or "5s",
    }
    with prepared({**words, **shortened}, obeyed=_OF_A_DEMO) as (run, _):
        from hitwatch.run.simulation import demo as show

        end = show(run, keep_running=keep_running)
        return CONDITION_MET if words["fail_on_alert"] and end.alerts_fired else FINE


@click.command()
@click.option(
    "--lines", type=click.IntRange(10_000, 100_000_000), default=500_000, help="How many lines."
)
@click.option("--log-format", default="apache-combined", metavar="NAME", help="Their format.")
def bench(*, lines: int, log_format: str) -> None:
    """Measure how fast this machine reads, parses, counts and watches."""
    from hitwatch.run.bench import measure

    end_on_term()
    click.echo(f"{'stage':<26} {'lines/s':>12} {'MB/s':>8}")
    for speed in measure(lines, log_format):
        lines_a_second = speed.lines / speed.seconds
        megabytes_a_second = speed.bytes / speed.seconds / 1e6
        click.echo(f"{speed.stage:<26} {lines_a_second:>12,.0f} {megabytes_a_second:>8,.0f}")
