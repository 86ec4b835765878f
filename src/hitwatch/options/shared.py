"""Options that several commands take alike."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import Annotated, Literal

from hitwatch.alerting.rule import UNITS
from hitwatch.instants import MINUTE, SECOND, Duration
from hitwatch.options.fields import (
    FILE,
    LENGTH,
    MOMENT,
    SECRET,
    TEXT_OR_DEFAULT,
    About,
    Group,
    Secret,
)


class ReadOptions(Group, frozen=True, kw_only=True):
    """How lines are read."""

    log_format: Annotated[
        str | None,
        About(
            "A name, Apache's or nginx's own string, or a format file.",
            metavar="FORMAT",
            setting=True,
            default="detected",
        ),
    ] = None
    log_format_from: Annotated[
        str | None,
        About(
            "The server's settings, and which of the formats or logs in them.",
            metavar="FILE[:NAME]",
        ),
    ] = None
    section_depth: Annotated[int, About("Path segments of a section.", setting=True)] = 1
    section_group: Annotated[
        tuple[str, ...],
        About(
            "Make paths that fit one section; the first that fits counts.",
            metavar="NAME=GLOB|NAME=~REGEX",
            setting=True,
        ),
    ] = ()
    collapse_ids: Annotated[
        bool, About("Show /user/123 as /user/:id.", flag="--collapse-ids/--keep-ids", setting=True)
    ] = False
    tz: Annotated[
        str | None,
        About("Zone of times without offset.", metavar="ZONE", setting=True, default="UTC"),
    ] = None
    display_tz: Annotated[
        str | None,
        About(
            "Zone of days, hours and all times that are shown or said; local is this machine's.",
            metavar="ZONE",
            setting=True,
            default="the log's own offset, else local",
        ),
    ] = None
    duration_unit: Annotated[
        str | None,
        About(
            "Unit of durations where the format leaves it open.",
            choices=("s", "ms", "us", "ns"),
            setting=True,
            default="as lines tell",
        ),
    ] = None


class FilterOptions(Group, frozen=True, kw_only=True):
    """Which hits count."""

    since: Annotated[str | datetime | None, About("Leave out what is older.", MOMENT)] = None
    until: Annotated[str | datetime | None, About("Leave out what is not older.", MOMENT)] = None
    where: Annotated[str | None, About("Only hits that meet a condition.", metavar="EXPR")] = None
    host: Annotated[tuple[str, ...], About("Only these virtual hosts.", metavar="GLOB")] = ()
    exclude_client: Annotated[
        tuple[str, ...],
        About("Leave out an address or network; @FILE lists them.", metavar="CIDR"),
    ] = ()
    exclude_path: Annotated[tuple[str, ...], About("Leave out these paths.", metavar="GLOB")] = ()
    exclude_referrer: Annotated[
        tuple[str, ...],
        About("Leave out what comes from a site; @FILE lists them.", metavar="SITE", setting=True),
    ] = ()
    bots: Annotated[
        bool | None,
        About("Only bots and tools, or none of them.", flag="--only-bots/--no-bots"),
    ] = None


class PrivacyOptions(Group, frozen=True, kw_only=True):
    """Who clients are, and what is taken out before anybody sees it."""

    trusted_proxy: Annotated[
        tuple[str, ...],
        About(
            "Believe X-Forwarded-For from these proxies; @FILE lists them.",
            metavar="CIDR",
            setting=True,
        ),
    ] = ()
    anonymize: Annotated[
        Literal["truncate", "hash"] | None,
        About("Cut addresses of clients, or hash them with a key.", setting=True),
    ] = None
    anonymize_key: Annotated[
        # Arguments of a process can be read by every user; there is no flag.
        bytes, About("The key of the hash.", SECRET, flag=None, secret=True)
    ] = Secret()
    anonymize_key_file: Annotated[
        str | None,
        About(
            "Holds the key of the hash.",
            FILE,
            setting=True,
            keyword=False,
            default="the key in HITWATCH_ANONYMIZE_KEY",
        ),
    ] = None
    redact: Annotated[
        bool,
        About(
            "Take secrets and mail addresses out of queries.",
            flag="--redact/--no-redact",
            setting=True,
        ),
    ] = False


class RuleOptions(Group, frozen=True, kw_only=True):
    """When an alert fires."""

    short: Annotated[Duration, About("Short window of the rule.", LENGTH, setting=True)] = (
        2 * MINUTE
    )
    long: Annotated[Duration, About("Long window before it.", LENGTH, setting=True)] = 20 * MINUTE
    threshold: Annotated[
        Fraction, About("Alert above so many times the long average.", setting=True)
    ] = Fraction(3, 2)
    resolution: Annotated[Duration, About("Width of a bucket.", LENGTH, setting=True)] = 10 * SECOND
    metric: Annotated[
        str,
        About(
            "What the rule watches: bytes or hits.",
            TEXT_OR_DEFAULT,
            choices=tuple(UNITS),
            setting=True,
        ),
    ] = "bytes"


class LogOptions(Group, frozen=True, kw_only=True):
    """Where settings come from, and where hitwatch says what it does."""

    config: Annotated[
        str | None, About("Settings file to use in place of the usual ones.", FILE)
    ] = None
    log_file: Annotated[
        str | None, About("Where hitwatch logs what it does.", FILE, setting=True)
    ] = None
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], About("How much it logs.", setting=True)
    ] = "info"
    debug: Annotated[bool, About("Show a traceback when something fails.")] = False


class ConsoleOptions(Group, frozen=True, kw_only=True):
    """What is said beside the results."""

    quiet: Annotated[bool, About("Suppress progress messages.", keyword=False)] = False


class AlertingOptions(ConsoleOptions, frozen=True, kw_only=True):
    """What commands that judge the rule say of it."""

    fail_on_alert: Annotated[bool, About("Exit with 1 if an alert fired.", keyword=False)] = False
    color: Annotated[
        Literal["auto", "always", "never"], About("Whether to colour text.", keyword=False)
    ] = "auto"
