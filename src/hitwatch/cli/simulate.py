"""Commands about synthetic traffic: simulate, demo and bench."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from hitwatch.cli.console import CONDITION_MET, FINE, LineProgress, notify, silent
from hitwatch.cli.flags import flags
from hitwatch.cli.outputs import begin
from hitwatch.cli.signals import end_on_term, stop_on_signals
from hitwatch.cli.watch import following
from hitwatch.errors import UsageError
from hitwatch.instants import SECOND
from hitwatch.options.groups import BenchOptions, DemoOptions, Options, SimulateOptions
from hitwatch.options.shared import LogOptions, RuleOptions

if TYPE_CHECKING:
    from hitwatch.simulate.scenario import Scenario


@click.command()
@click.argument("scenario", required=False, metavar="[SCENARIO]")
@flags(SimulateOptions, LogOptions)
def simulate(scenario: str | None, options: Options) -> int:
    """Write synthetic traffic with known incidents.

    SCENARIO is a TOML file, or the name of one that is shipped: busy, day, demo. Without
    one, --rate and --duration make a single steady phase. Without --output the lines go to
    standard output. A log that exists is neither erased nor continued unless --overwrite or
    --append says so.
    """
    import logging
    from pathlib import Path

    from hitwatch.clocks import WallClock
    from hitwatch.outputs.outputs import Outputs
    from hitwatch.run.simulation import SimulationRun
    from hitwatch.run.simulation import simulate as write

    chosen = options.simulate
    if chosen.overwrite and chosen.append:
        raise UsageError("a log is either erased or continued", where="--overwrite, --append")
    stop = stop_on_signals()
    outputs = Outputs(stop.is_set)
    begin(outputs, options, [scenario] if scenario else [])
    simulation = SimulationRun(
        output=Path(chosen.output) if chosen.output else None,
        truth=Path(chosen.truth) if chosen.truth else None,
        live=chosen.live,
        clock=WallClock(stop),
        stopped=stop.is_set,
        overwrite=chosen.overwrite,
        append=chosen.append,
        outputs=outputs,
    )
    asked = scenario_of(scenario, chosen)
    progress = LineProgress.over(asked.duration, quiet=chosen.quiet)
    if progress:
        simulation = replace(simulation, progress=progress.tell)
    written = write(asked, simulation)
    if progress:
        progress.clear()
    log = logging.getLogger("hitwatch.writer")
    log.info("wrote", extra={"lines": written.lines, "path": chosen.output or "-"})
    tell = silent if chosen.quiet else notify
    tell(f"wrote {written.lines:,} lines" + (f" to {chosen.output}" if chosen.output else ""))
    if written.behind:
        notify(f"the pace could not be held: {written.behind:,} lines were due and are not written")
    return FINE


def scenario_of(named: str | None, chosen: SimulateOptions) -> Scenario:
    """The scenario that is named, or one steady phase, with what the options change of it.

    Raises:
        SettingsError: there is none, or it makes no sense.

    """
    from hitwatch.run.simulation import scenario_named, with_changes
    from hitwatch.simulate.scenario import Phase, Scenario, read_rotation

    scenario = scenario_named(named) if named else Scenario(phases=[Phase(rate=100, duration="1m")])
    phases = None
    if chosen.rate is not None or chosen.duration is not None:
        first = scenario.phases[0]
        rate = first.rate if chosen.rate is None else chosen.rate
        length = first.duration if chosen.duration is None else f"{chosen.duration}us"
        phases = [Phase(rate=rate, duration=length)]
    return with_changes(
        scenario,
        phases=phases,
        log_format=chosen.log_format,
        profile=chosen.profile,
        seed=chosen.seed,
        rotation=read_rotation(chosen.rotate) if chosen.rotate else None,
    )


@click.command()
@flags(DemoOptions, LogOptions)
def demo(options: Options) -> int:
    """Simulate a site with a traffic surge and watch it.

    The clock is shortened: buckets of 1 s, windows of 4 s and 16 s, figures every 5 s. The
    alert fires and clears within a minute, then the demo ends.
    """
    # What is watched is the demo's own, whatever settings say of other logs.
    rule = RuleOptions(short=4 * SECOND, long=16 * SECOND, resolution=SECOND)
    read = replace(options.read, display_tz=options.read.display_tz or "UTC")
    chosen = replace(options, rule=rule, display=options.demo, read=read)
    with following(chosen, ()) as run:
        from hitwatch.run.simulation import demo as show

        end = show(run, keep_running=options.demo.keep_running)
        return CONDITION_MET if options.demo.fail_on_alert and end.alerts_fired else FINE


@click.command()
@flags(BenchOptions)
def bench(options: Options) -> None:
    """Measure how fast this machine reads, parses, counts and watches."""
    from hitwatch.run.bench import measure

    end_on_term()
    click.echo(f"{'stage':<26} {'lines/s':>12} {'MB/s':>8}")
    for speed in measure(options.bench.lines, options.bench.log_format):
        lines_a_second = speed.lines / speed.seconds
        megabytes_a_second = speed.bytes / speed.seconds / 1e6
        click.echo(f"{speed.stage:<26} {lines_a_second:>12,.0f} {megabytes_a_second:>8,.0f}")
