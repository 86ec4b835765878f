"""Settings from files and the environment, checked; flags are merged in by ``cli``.

Order, the first that says something wins: flag, environment ``HITWATCH_*``, ``hitwatch.toml``
in the working directory, ``$XDG_CONFIG_HOME/hitwatch/config.toml``,
``/etc/hitwatch/config.toml``, the default.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from hitwatch.errors import SettingsError
from hitwatch.values import duration, duration_or_none, exact, whole

ENVIRONMENT_PREFIX = "HITWATCH_"
PROJECT_FILE = "hitwatch.toml"


_BOUNDS: dict[str, Callable[[str, Any], object]] = {
    "short": duration,
    "long": duration,
    "resolution": duration,
    "every": duration,
    "backfill": duration_or_none,
    "threshold": exact,
    "section_depth": whole,
    "top": whole,
}
"""What is checked of a value, so that it is refused where it stands, and by every command."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """Everything a settings file may say; durations as text such as ``10s``.

    Attributes:
        short: length of the short window.
        long: length of the long window before it.
        threshold: how many times the long average the short one must exceed.
        resolution: width of a bucket.
        metric: ``bytes`` or ``hits``.
        every: length of a display period.
        backfill: how much of the log's own time ``watch`` reads back.
        log_format: name of the log format.
        section_depth: how many path segments make a section.
        tz: zone of times that carry no offset.
        duration_unit: of durations where a format leaves it open: ``s``, ``ms``, ``us``, ``ns``.
        top: how many sections to list.
        alert_log: file that keeps alerts.
        log_file: hitwatch's own log.
        log_level: of that log.
        trusted_proxy: networks of proxies that are trusted to name the client.
        anonymize: ``truncate`` or ``hash``.
        anonymize_key_file: file that holds the key of the hash.
        redact: whether secrets are taken out of queries.
        geoip: databases that say where addresses are.
    """

    short: str | None = None
    long: str | None = None
    threshold: float | str | None = None
    resolution: str | None = None
    metric: str | None = None
    every: str | None = None
    backfill: str | None = None
    log_format: str | None = None
    section_depth: int | None = None
    tz: str | None = None
    duration_unit: Literal["s", "ms", "us", "ns"] | None = None
    top: int | None = None
    alert_log: str | None = None
    log_file: str | None = None
    log_level: Literal["debug", "info", "warning", "error"] | None = None
    trusted_proxy: str | list[str] | None = None
    anonymize: Literal["truncate", "hash"] | None = None
    anonymize_key_file: str | None = None
    redact: bool | None = None
    geoip: str | list[str] | None = None

    def only(self, names: Collection[str]) -> Settings:
        """These settings; all others say nothing."""
        return Settings(**{name: getattr(self, name) for name in names})


def load(named: Path | None, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings that apply.

    Args:
        named: a file the user named, in place of the usual ones.
        environment: the process's.

    Raises:
        SettingsError: a file cannot be read, is no TOML, or says something unknown.
    """
    merged: dict[str, Any] = {}
    files = [named] if named else [path for path in _usual_files(environment) if path.is_file()]
    for path in files:
        merged.update(_without_none(_read_file(path)))
    merged.update(_without_none(_from_environment(environment)))
    return Settings(**merged)


def _usual_files(environment: Mapping[str, str]) -> list[Path]:
    home = environment.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return [
        Path("/etc/hitwatch/config.toml"),
        Path(home) / "hitwatch" / "config.toml",
        Path(PROJECT_FILE),
    ]


def _read_file(path: Path) -> Settings:
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(
            "cannot be read", where=str(path), why=error.strerror or str(error)
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError("no valid TOML", where=str(path), why=str(error)) from error
    return _checked(table, str(path))


def _from_environment(environment: Mapping[str, str]) -> Settings:
    names = msgspec.structs.fields(Settings)
    table = {
        field.encode_name: environment[name]
        for field in names
        if (name := ENVIRONMENT_PREFIX + field.name.upper()) in environment
    }
    return _checked(table, "environment", strict=False)


def _checked(table: dict[str, Any], where: str, *, strict: bool = True) -> Settings:
    try:
        settings = msgspec.convert(table, Settings, strict=strict)
    except msgspec.ValidationError as error:
        known = ", ".join(field.encode_name for field in msgspec.structs.fields(Settings))
        raise SettingsError(str(error), where=where, hint=f"known settings: {known}") from error
    for field in msgspec.structs.fields(Settings):
        value = getattr(settings, field.name)
        if value is not None and field.name in _BOUNDS:
            _BOUNDS[field.name](f"{where}: {field.encode_name}", value)
    return settings


def _without_none(settings: Settings) -> dict[str, Any]:
    return {
        name: value for name, value in msgspec.structs.asdict(settings).items() if value is not None
    }
