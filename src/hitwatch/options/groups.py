"""The options of single commands; ``Options`` is everything that one run was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Literal

from hitwatch.instants import MINUTE, SECOND, Duration
from hitwatch.options.fields import (
    COUNT,
    COUNTS,
    FILE,
    FILES,
    LENGTH,
    LENGTH_OR_NONE,
    METRICS,
    NAMES,
    POSITIVE,
    RATE,
    SAMPLE,
    SPEED,
    WINDOW,
    About,
    Group,
)
from hitwatch.options.shared import (
    AlertingOptions,
    ConsoleOptions,
    FilterOptions,
    LogOptions,
    PrivacyOptions,
    ReadOptions,
    RuleOptions,
)
from hitwatch.values import whole

_OUTPUT = (
    "File to write, - for standard output. Replaces an earlier output of the same kind;"
    " anything else only with --overwrite, and never a file that is read."
)
REPORT_KINDS = ("text", "json", "jsonl", "csv", "md", "parquet")
"""What a report can be written as."""
Overwrite = Annotated[
    bool,
    About("Replace what is there, even if it is no earlier output of this kind.", keyword=False),
]


class DisplayOptions(AlertingOptions, frozen=True, kw_only=True):
    """What is shown of the figures of each display period."""

    every: Annotated[
        Duration | None,
        About(
            "Length of a display period.",
            LENGTH,
            setting=True,
            default="10s; a replay at once shows alerts alone",
        ),
    ] = None
    top: Annotated[int, About("How many rows to list.", setting=True)] = 8
    panel: Annotated[
        tuple[str, ...],
        About("Show this panel of a report too.", metavar="NAME"),
    ] = ()
    panel_window: Annotated[
        Duration | Literal["start"],
        About(
            "How much of the latest time panels are of, or start.",
            WINDOW,
            default="the display period",
        ),
    ] = 0
    output_format: Annotated[Literal["text", "jsonl"], About("How to say things.")] = "text"
    plain: Annotated[bool, About("Plain text, without colours.")] = False
    alert_log: Annotated[
        str | None, About("Keep alerts in a file, as JSON lines.", FILE, setting=True)
    ] = None


class WatchOptions(Group, frozen=True, kw_only=True):
    """Where a watch begins."""

    from_start: Annotated[bool, About("Read the files from their beginnings.")] = False
    listen: Annotated[
        tuple[str, ...],
        About(
            "Take syslog messages as lines, at udp://ADDRESS:PORT or tcp://ADDRESS:PORT.",
            metavar="URL",
            setting=True,
        ),
    ] = ()
    backfill: Annotated[
        Duration,
        About(
            "How much of the log's own time to read back, to arm the rule.",
            LENGTH_OR_NONE,
            setting=True,
        ),
    ] = 30 * MINUTE


class ReplayOptions(Group, frozen=True, kw_only=True):
    """At which pace a replay goes."""

    speed: Annotated[
        float | None,
        About("How fast the log's time passes: 1x, 60x, or max.", SPEED, default="max"),
    ] = None


class ReportOptions(AlertingOptions, frozen=True, kw_only=True):
    """What a report shows, and where it goes."""

    top: Annotated[
        int | None,
        About(
            "Rows of all panels, or of one.",
            metavar="[PANEL=]N",
            default="10; 1000 in files",
            keyword_default="all",
            of_panels="tops",
        ),
    ] = None
    tops: Annotated[Mapping[str, int], About("Rows of single panels.", COUNTS, flag=None)] = {}
    sort: Annotated[
        str,
        About(
            "Metric by which rows are ordered, in all panels or in one.",
            metavar="[PANEL=]METRIC",
            of_panels="sorts",
        ),
    ] = "hits"
    sorts: Annotated[
        Mapping[str, str], About("Metrics that order single panels.", METRICS, flag=None)
    ] = {}
    panel: Annotated[tuple[str, ...], About("Only this panel.", metavar="NAME")] = ()
    no_panel: Annotated[tuple[str, ...], About("Not this panel.", metavar="NAME")] = ()
    compare: Annotated[
        str | None,
        About(
            "Compare with the time before, with a month or week, or with any time.",
            metavar="previous|MONTH|TIME..TIME",
        ),
    ] = None
    by: Annotated[
        Literal["host"] | None,
        About("A report of each virtual host, in one reading.", keyword=False),
    ] = None
    sample: Annotated[
        int | None,
        About("Count so many lines alone, as in 1%, and say how far off that may be.", SAMPLE),
    ] = None
    bucket: Annotated[
        Duration | None, About("Step of the time line, which this shows too.", LENGTH)
    ] = None
    geoip: Annotated[
        tuple[str, ...],
        About(
            "MaxMind database of countries, cities or networks (ASN).",
            FILES,
            setting=True,
        ),
    ] = ()
    resolve: Annotated[
        bool,
        About("Ask DNS for names of the clients shown; only confirmed ones count."),
    ] = False
    verify_bots: Annotated[
        bool,
        About("Ask DNS whether bots are who they say, and show the panel claimed_bots."),
    ] = False
    bot_ranges: Annotated[
        tuple[str, ...],
        About(
            "Addresses of a bot, as its operator publishes them, to tell true ones by.",
            metavar="NAME=FILE",
            setting=True,
        ),
    ] = ()
    output_format: Annotated[
        str | None,
        About("What goes to standard output.", choices=REPORT_KINDS, keyword=False, default="text"),
    ] = None
    output: Annotated[
        tuple[str, ...],
        About(
            f"{_OUTPUT} Its kind is told by its ending.",
            FILES,
            flag="-o --output",
            keyword=False,
        ),
    ] = ()
    template: Annotated[
        str | None,
        About("Write text as a Jinja template of your own has it.", FILE, keyword=False),
    ] = None
    overwrite: Overwrite = False
    pager: Annotated[
        bool,
        About(
            "Show what is higher than the terminal in a pager (PAGER, else less).",
            flag="--pager/--no-pager",
            setting=True,
            keyword=False,
        ),
    ] = True


class TableOptions(ConsoleOptions, frozen=True, kw_only=True):
    """Where rows go."""

    spreadsheet_safe: Annotated[
        bool,
        About("In CSV, put an apostrophe before what would be a formula.", keyword=False),
    ] = False
    output: Annotated[str | None, About(_OUTPUT, FILE, flag="-o --output", keyword=False)] = None
    overwrite: Overwrite = False


class ParseOptions(TableOptions, frozen=True, kw_only=True):
    """Which rows lines become."""

    output_format: Annotated[
        Literal["jsonl", "csv", "parquet", "arrow", "sqlite"] | None,
        About("What to write.", keyword=False, default="by the ending of the output, else jsonl"),
    ] = None
    columns: Annotated[
        tuple[str, ...] | None,
        About("Columns to give, in that order.", NAMES, metavar="NAME,...", keyword=False),
    ] = None
    all_fields: Annotated[bool, About("Add the format's own further columns, and agent_kind.")] = (
        False
    )
    line_numbers: Annotated[bool, About("Add the column line_number.")] = False
    rejects: Annotated[
        str | None,
        About("File for rejected lines with their reasons, as JSON lines.", FILE, keyword=False),
    ] = None
    max_rejects: Annotated[
        int | None, About("Exit with 1 when more lines are rejected.", COUNT, keyword=False)
    ] = None


class QueryOptions(TableOptions, frozen=True, kw_only=True):
    """How the rows of a result are written."""

    output_format: Annotated[
        Literal["table", "jsonl", "json", "csv", "md", "parquet", "arrow", "sqlite"] | None,
        About("How to write the rows.", default="by the ending of the output, else table"),
    ] = None


class DetectOptions(Group, frozen=True, kw_only=True):
    """What is explained."""

    output_format: Annotated[Literal["text", "jsonl"], About("How to say it.")] = "text"
    line: Annotated[
        str | None, About("Explain one line, with its values; - reads it.", metavar="LINE")
    ] = None


class FormatsOptions(Group, frozen=True, kw_only=True):
    """How formats are listed."""

    output_format: Annotated[
        Literal["text", "md"],
        About("How to list them; md has who writes them, units and guesses."),
    ] = "text"


class SimulateOptions(ConsoleOptions, frozen=True, kw_only=True):
    """Which traffic is written, and where."""

    output: Annotated[str | None, About("The log to write.", FILE, flag="-o --output")] = None
    overwrite: Annotated[bool, About("Erase the log if it exists.")] = False
    append: Annotated[bool, About("Continue the log if it exists.")] = False
    live: Annotated[
        bool, About("At the clock's pace, or as fast as can be.", flag="--live/--fast")
    ] = False
    truth: Annotated[str | None, About("Where to write the truth file.", FILE)] = None
    rotate: Annotated[
        str | None,
        About(
            "Rotate the log after so much time, as in 1h, 1d,dated,gzip or 1h,truncate.",
            metavar="EVERY[,HOW...]",
        ),
    ] = None
    rate: Annotated[float | None, About("Lines a second, in one phase.", RATE)] = None
    duration: Annotated[Duration | None, About("How long that phase lasts.", LENGTH)] = None
    log_format: Annotated[str | None, About("Format to write.", metavar="NAME")] = None
    profile: Annotated[Literal["realistic", "uniform"] | None, About("What site it is.")] = None
    seed: Annotated[
        int | None,
        About(
            "The same seed gives the same bytes.",
            COUNT._replace(read=partial(whole, least=0, most=2**63 - 1)),
        ),
    ] = None


class DemoOptions(DisplayOptions, frozen=True, kw_only=True):
    """How a demo is shown; what it watches is its own."""

    keep_running: Annotated[bool, About("Go on when the incident is over.")] = False
    every: Annotated[Duration, About("Length of a display period.", LENGTH)] = 5 * SECOND


class BenchOptions(Group, frozen=True, kw_only=True):
    """What is measured."""

    lines: Annotated[
        int,
        About(
            "How many lines.",
            POSITIVE._replace(read=partial(whole, least=10_000, most=100_000_000)),
        ),
    ] = 500_000
    log_format: Annotated[str, About("Their format.", metavar="NAME")] = "apache-combined"


class Options(Group, frozen=True, kw_only=True):
    """Everything that one run was asked for; groups that a command does not take are as usual."""

    read: ReadOptions = ReadOptions()
    filter: FilterOptions = FilterOptions()
    privacy: PrivacyOptions = PrivacyOptions()
    rule: RuleOptions = RuleOptions()
    display: DisplayOptions = DisplayOptions()
    watch: WatchOptions = WatchOptions()
    replay: ReplayOptions = ReplayOptions()
    report: ReportOptions = ReportOptions()
    parse: ParseOptions = ParseOptions()
    query: QueryOptions = QueryOptions()
    detect: DetectOptions = DetectOptions()
    formats: FormatsOptions = FormatsOptions()
    simulate: SimulateOptions = SimulateOptions()
    demo: DemoOptions = DemoOptions()
    bench: BenchOptions = BenchOptions()
    log: LogOptions = LogOptions()
