"""What the shell completes: commands and flags, and the values that hitwatch knows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
)

from hitwatch.cli.commands import COMPLETION_VARIABLE


def _formats() -> Iterable[str]:
    from hitwatch.formats.registry import builtin
    from hitwatch.lookup.user_formats import register_user_formats

    register_user_formats(os.environ)
    return builtin()


def _panels() -> Iterable[str]:
    from hitwatch.stats.panels import panels

    return (panel.name for panel in panels())


def _metrics() -> Iterable[str]:
    from hitwatch.stats.metric import BY_NAME

    return BY_NAME


def _zones() -> Iterable[str]:
    from zoneinfo import available_timezones

    return ("UTC", "local", *available_timezones())


_VALUES: dict[str, Callable[[], Iterable[str]]] = {
    "log_format": _formats,
    "panel": _panels,
    "no_panel": _panels,
    "sort": _metrics,
    "tz": _zones,
    "display_tz": _zones,
}
"""Values of options, by name; they are looked up when they are asked for."""

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def values_of(option: str) -> Completer | None:
    """What completes the values of an option; ``None``: its type alone does."""
    known = _VALUES.get(option)
    if known is None:
        return None

    def complete(_: click.Context, __: click.Parameter, begun: str) -> list[CompletionItem]:
        found = sorted(value for value in known() if value.startswith(begun))
        # A format may be a file of the user's.
        files = [CompletionItem(begun, type="file")] if option == "log_format" else []
        return [CompletionItem(value) for value in found] or files

    return complete


_SHELLS: dict[str, type[ShellComplete]] = {
    "bash": BashComplete,
    "zsh": ZshComplete,
    "fish": FishComplete,
}


@click.command()
@click.argument("shell", type=click.Choice(tuple(_SHELLS)))
def completion(shell: str) -> None:
    """Print what makes a shell complete commands and values.

    \b
    bash   hitwatch completion bash > ~/.local/share/bash-completion/completions/hitwatch
    zsh    hitwatch completion zsh > ~/.zfunc/_hitwatch     with ~/.zfunc in fpath
    fish   hitwatch completion fish > ~/.config/fish/completions/hitwatch.fish
    """
    from hitwatch.cli import commands

    script = _SHELLS[shell](commands, {}, "hitwatch", COMPLETION_VARIABLE)
    click.echo(script.source(), nl=False)
