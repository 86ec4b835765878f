"""Options from flags, the environment and files: the one place that decides which of them wins.

Order, the first that says something: flag, environment ``HITWATCH_*``, ``hitwatch.toml`` in the
working directory, ``$XDG_CONFIG_HOME/hitwatch/config.toml``, ``/etc/hitwatch/config.toml``, the
default. Python says its arguments, and nothing else is looked at.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from hitwatch.errors import SettingsError
from hitwatch.options.fields import ENVIRONMENT_PREFIX, Field, Group, fields_of
from hitwatch.options.groups import Options
from hitwatch.places import is_file, user_folder
from hitwatch.values import suggestion

PROJECT_FILE = "hitwatch.toml"


def resolve(
    said: Mapping[str, Any],
    groups: Sequence[type[Group]],
    environment: Mapping[str, str] = os.environ,
) -> Options:
    """Make the options of a command.

    Args:
        said: the values of the flags that were given, by name of the option.
        groups: the options that the command takes; a setting counts where one of them is it.
        environment: the process's.

    Raises:
        SettingsError: a file cannot be read or is not TOML, or a setting makes no sense; it names
            the flag, the variable, or the file and key.
        UsageError: a flag makes no sense.

    """
    settings = _settings(said.get("config"), environment)
    made: dict[str, Any] = {}
    for group in groups:
        values = {}
        for field in fields_of(group):
            if field.name in said:
                values[field.name] = field.read(said[field.name], _flag_of(field, group))
            elif field.about.setting and field.name in settings:
                values[field.name] = settings[field.name]
            elif field.about.secret and field.variable in environment:
                values[field.name] = field.read(environment[field.variable], field.variable)
        made[_slots()[group]] = group(**values)
    return Options(**made)


def _flag_of(field: Field, group: type[Group]) -> str:
    """The flag by which an option was said: that of all panels says it of single ones, too."""
    return next((f.flag for f in fields_of(group) if f.about.of_panels == field.name), field.flag)


def from_keywords(function: str, said: Mapping[str, Any], groups: Sequence[type[Group]]) -> Options:
    """Make the options of a function from its arguments in Python; ``None`` is the default.

    Args:
        function: its name, for errors.
        said: the arguments, by name.
        groups: the options that the function takes.

    Raises:
        TypeError: it has no such argument.
        SettingsError: a value is out of bounds.
        UsageError: a value is none of those that there are.

    """
    fields = keyword_fields(groups)
    for name in said.keys() - fields.keys():
        raise TypeError(
            f"{function}() got an unexpected keyword argument {name!r}{suggestion(name, fields)}"
        )
    made: dict[str, Any] = {}
    for group in groups:
        values = {
            field.name: field.read(said[field.name], field.name)
            for field in fields_of(group)
            if said.get(field.name) is not None
        }
        made[_slots()[group]] = group(**values)
    return Options(**made)


def keyword_fields(groups: Sequence[type[Group]]) -> dict[str, Field]:
    """The options that are arguments in Python, by name."""
    return {
        field.name: field for group in groups for field in fields_of(group) if field.about.keyword
    }


@cache
def setting_fields() -> dict[str, Field]:
    """The options that files and the environment may say, by key."""
    return {
        field.key: field for group in _slots() for field in fields_of(group) if field.about.setting
    }


@cache
def _slots() -> dict[type[Group], str]:
    """Where in ``Options`` each group is."""
    return {group: name for name, group in get_type_hints(Options).items()}


def files_read(named: str | None, environment: Mapping[str, str] = os.environ) -> list[Path]:
    """The settings files that count, the weakest first.

    Args:
        named: a file the user named, in place of the usual ones.
        environment: the process's.

    """
    if named is not None:
        return [Path(named)]
    folder = user_folder(environment)
    own = [folder / "config.toml"] if folder else []
    usual = (Path("/etc/hitwatch/config.toml"), *own, Path(PROJECT_FILE))
    return [path for path in usual if is_file(path)]


def unknown_variables(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Variables that look as if they were settings and are none, each with what was meant."""
    named = [name for name in environment if name.startswith(ENVIRONMENT_PREFIX)]
    if not named:
        return []
    known = {field.variable for field in setting_fields().values()} | _secret_variables()
    return [f"{name}{suggestion(name, known)}" for name in named if name not in known]


def _secret_variables() -> set[str]:
    fields = (field for group in _slots() for field in fields_of(group))
    return {field.variable for field in fields if field.about.secret}


def _settings(named: str | None, environment: Mapping[str, str]) -> dict[str, Any]:
    """What files and the environment say, by name of the option; all of it makes sense."""
    merged: dict[str, Any] = {}
    for path in files_read(named, environment):
        merged |= dict(_of_file(path))
    if not any(name.startswith(ENVIRONMENT_PREFIX) for name in environment):
        return merged
    for field in setting_fields().values():
        if (text := environment.get(field.variable)) is not None:
            where = f"environment: {field.key} ({field.variable})"
            merged[field.name] = field.read(text, where, SettingsError)
    return merged


def _of_file(path: Path) -> Iterator[tuple[str, Any]]:
    known = setting_fields()
    for key, value in _table(path).items():
        if key not in known:
            raise SettingsError(
                f"unknown setting {key!r}{suggestion(key, known)}",
                where=str(path),
                hint=f"known settings: {', '.join(known)}",
            )
        yield known[key].name, known[key].read(value, f"{path}: {key}", SettingsError)


def _table(path: Path) -> dict[str, Any]:
    # Few have such a file.
    import tomllib

    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(
            "cannot be read", where=str(path), why=error.strerror or str(error)
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError("invalid TOML", where=str(path), why=str(error)) from error
