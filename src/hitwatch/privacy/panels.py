"""Panels whose keys are redacted as the hits are."""

from __future__ import annotations

from msgspec.structs import replace

from hitwatch.privacy.policy import Privacy
from hitwatch.stats.clients import Network
from hitwatch.stats.dimension import Panel


def redact_panels(panels: tuple[Panel, ...], privacy: Privacy) -> tuple[Panel, ...]:
    """Panels with redacted keys.

    A panel that makes keys of its own, such as the site of a referrer, needs no redaction. Of
    networks there is none where clients are made anonymous: it would say more than they do.

    Args:
        panels: of keys as logged.
        privacy: what is replaced.

    """
    return tuple(
        replace(panel, label=privacy.label(panel.dimension.column))
        if panel.label is None and not panel.dimension.divide
        else panel
        for panel in panels
        if not (privacy.mode and isinstance(panel.label, Network))
    )
