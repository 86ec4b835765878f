"""The arguments of ``hitwatch.scan`` and ``hitwatch.report``, for type checkers.

A test holds them to the options of the same names (``options``), from which they are read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from inspect import Parameter, Signature
from typing import TypedDict, TypeVar

from hitwatch.config import keyword_fields
from hitwatch.options.fields import Group, Source
from hitwatch.options.groups import ParseOptions, ReportOptions
from hitwatch.options.shared import FilterOptions, PrivacyOptions, ReadOptions, RuleOptions
from hitwatch.privacy.redact import Mode

_SHARED = (ReadOptions, FilterOptions, PrivacyOptions)
SCAN = (*_SHARED, ParseOptions)
"""The options of ``scan``."""
REPORT = (*_SHARED, ReportOptions, RuleOptions)
"""The options of ``report``."""


class _Shared(TypedDict, total=False):
    log_format: str | None
    log_format_from: str | None
    section_depth: int
    section_group: str | Sequence[str]
    collapse_ids: bool
    tz: str | None
    display_tz: str | None
    duration_unit: str | None
    since: str | datetime | None
    until: str | datetime | None
    where: str | None
    host: str | Sequence[str]
    exclude_client: str | Sequence[str]
    exclude_path: str | Sequence[str]
    exclude_referrer: str | Sequence[str]
    bots: bool | None
    trusted_proxy: str | Sequence[str]
    anonymize: Mode | None
    anonymize_key: str | bytes
    redact: bool


class ScanKeywords(_Shared, total=False):
    """Arguments of ``hitwatch.scan``."""

    all_fields: bool
    line_numbers: bool


class ReportKeywords(_Shared, total=False):
    """Arguments of ``hitwatch.report``."""

    top: int | None
    tops: Mapping[str, int] | None
    sort: str
    sorts: Mapping[str, str] | None
    panel: str | Sequence[str]
    no_panel: str | Sequence[str]
    compare: str | None
    sample: str | None
    bucket: str | None
    geoip: Source | Sequence[Source]
    resolve: bool
    verify_bots: bool
    bot_ranges: str | Sequence[str]
    short: str | None
    long: str | None
    threshold: str | float | None
    resolution: str | None
    metric: str | None


Function = TypeVar("Function", bound=Callable[..., object])


def documented(*groups: type[Group]) -> Callable[[Function], Function]:
    """A decorator that lets ``help`` and editors show the options of groups as arguments."""

    def decorate(function: Function) -> Function:
        declared = Signature.from_callable(function)
        plain = [p for p in declared.parameters.values() if p.kind is not Parameter.VAR_KEYWORD]
        options = [
            Parameter(
                name,
                Parameter.KEYWORD_ONLY,
                default=field.keyword_default,
                annotation=field.keyword_type,
            )
            for name, field in keyword_fields(groups).items()
        ]
        setattr(  # noqa: B010 - mypy knows no such attribute of functions
            function, "__signature__", declared.replace(parameters=[*plain, *options])
        )
        return function

    return decorate
