"""Flags made of the options that are declared in ``options``, and options made of flags."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import wraps
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from hitwatch.cli.commands import COMPLETION_VARIABLE
from hitwatch.cli.console import notify
from hitwatch.errors import UsageError
from hitwatch.options.fields import SWITCH, Field, Group, fields_of

if TYPE_CHECKING:
    from hitwatch.cli.completion import Completer

Function = Callable[..., Any]


def flags(*groups: type[Group]) -> Callable[[Function], Function]:
    """A decorator that gives a command the flags of groups, and hands it ``options``.

    Args:
        groups: in the order of ``--help``.

    """

    def decorate(function: Function) -> Function:
        @wraps(function)
        def command(**parameters: Any) -> Any:
            from hitwatch.config import resolve, unknown_variables

            for unknown in unknown_variables():
                notify(f"no setting is called {unknown}: it has no effect")
            # What is no flag is an argument.
            names = {field.name for group in groups for field in fields_of(group)}
            arguments = {name: each for name, each in parameters.items() if name not in names}
            return function(**arguments, options=resolve(_said(groups), groups))

        declared = [field for group in groups for field in fields_of(group) if field.flags]
        decorated: Function = command
        for field in reversed(declared):
            decorated = _option(field)(decorated)
        setattr(decorated, "groups", groups)  # noqa: B010 - mypy knows no attributes of functions
        return decorated

    return decorate


def groups_of(command: click.Command) -> tuple[type[Group], ...]:
    """The groups whose flags a command takes."""
    return getattr(command.callback, "groups", ())


def help_of(field: Field) -> str:
    """What ``--help`` says of a flag, its default at the end."""
    text = field.about.help.removesuffix(".")
    text += "; repeatable" if field.repeatable else ""
    default = field.default_text
    return f"{text} [default: {default}]." if default else f"{text}."


def _option(field: Field) -> Callable[[Function], Function]:
    switch = field.kind is SWITCH
    kind: click.ParamType[Any] | None = None
    if field.choices:
        kind = click.Choice(field.choices)
    elif not switch:
        # Values are read where settings are, so that errors are the same; files are completed.
        kind = click.Path() if field.kind.name.startswith("file") else click.STRING
    return click.option(
        *field.flags,
        field.name,
        type=kind,
        is_flag=switch,
        default=None,
        multiple=field.repeatable,
        metavar=None if switch or field.choices else field.metavar,
        help=help_of(field),
        shell_complete=_values_of(field.name),
    )


def _values_of(option: str) -> Completer | None:
    """What completes the values of an option, where a shell asks; it is loaded for few runs."""
    if COMPLETION_VARIABLE not in os.environ:
        return None
    from hitwatch.cli.completion import values_of

    return values_of(option)


def _said(groups: Iterable[type[Group]]) -> dict[str, Any]:
    """The values of the flags that were given, by name of the option."""
    context = click.get_current_context()
    said: dict[str, Any] = {}
    for field in (field for group in groups for field in fields_of(group)):
        if context.get_parameter_source(field.name) is not ParameterSource.COMMANDLINE:
            continue
        values = context.params[field.name]
        if not field.about.of_panels:
            said[field.name] = values
            continue
        for given in values:
            panel, equals, value = given.partition("=")
            if not equals:
                said[field.name] = given
            elif value:
                said.setdefault(field.about.of_panels, {})[panel] = value
            else:
                raise UsageError(f"{given!r} gives no value", where=field.flag)
    return said
