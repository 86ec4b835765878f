"""Options that say who clients are and what need not be kept, and what the words make of them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hitwatch.cli.options import together
from hitwatch.errors import UsageError

if TYPE_CHECKING:
    from hitwatch.config import Settings
    from hitwatch.privacy.pipeline import HitPipeline
    from hitwatch.privacy.policy import Privacy
    from hitwatch.select.networks import Networks

KEY_VARIABLE = "HITWATCH_ANONYMIZE_KEY"
"""Names the secret of the hash; words of a command line can be read by every user."""

privacy_options = together(
    click.option(
        "--trusted-proxy",
        metavar="CIDR",
        multiple=True,
        help="Believe X-Forwarded-For from these proxies; @FILE lists them.",
    ),
    click.option(
        "--anonymize",
        type=click.Choice(["truncate", "hash"]),
        help="Cut addresses of clients, or hash them with a key.",
    ),
    click.option(
        "--anonymize-key-file",
        metavar="FILE",
        help=f"Holds the key of the hash [default: what {KEY_VARIABLE} says].",
    ),
    click.option(
        "--redact/--no-redact",
        default=None,
        help="Take secrets and mail addresses out of queries.",
    ),
)


def read_pipeline(words: dict[str, Any], settings: Settings) -> HitPipeline:
    """What is done to hits beside choosing them, as the words or else the settings have it.

    Raises:
        UsageError: words make no sense, or there is no key for the hash.

    """
    from hitwatch.privacy.pipeline import HitPipeline

    return HitPipeline(read_proxies(words, settings), privacy=read_privacy(words, settings))


def read_proxies(words: dict[str, Any], settings: Settings) -> Networks | None:
    """The proxies that are trusted; ``None``: none is.

    Raises:
        UsageError: an entry is no network, or a file cannot be read.

    """
    from hitwatch.run.filter_options import trusted_networks

    return trusted_networks(words.get("trusted_proxy") or several(settings.trusted_proxy))


def several(setting: str | list[str] | None) -> list[str]:
    """A setting of which there may be several."""
    return [setting] if isinstance(setting, str) else setting or []


def read_privacy(
    words: dict[str, Any], settings: Settings, environment: Mapping[str, str] = os.environ
) -> Privacy:
    """What is replaced before it is shown.

    Raises:
        UsageError: there is no key for the hash, or its file cannot be read.

    """
    from hitwatch.privacy.policy import Privacy

    mode = words.get("anonymize") or settings.anonymize
    redact = settings.redact if words.get("redact") is None else words["redact"]
    key = _key(words.get("anonymize_key_file") or settings.anonymize_key_file, environment)
    return Privacy(mode, key if mode == "hash" else b"", bool(redact))


def _key(path: str | None, environment: Mapping[str, str]) -> bytes:
    """The secret of the hash, without blanks around it; empty when there is none."""
    if path is None:
        return environment.get(KEY_VARIABLE, "").strip().encode("utf-8", "surrogateescape")
    try:
        key = Path(path).read_bytes().strip()
    except OSError as error:
        raise UsageError(
            "the key cannot be read", where=path, why=error.strerror or str(error)
        ) from error
    if not key:
        raise UsageError("the key is empty", where=path)
    return key
