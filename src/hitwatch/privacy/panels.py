"""Panels that tell less of who sent hits."""

from __future__ import annotations

from dataclasses import replace

from hitwatch.privacy.policy import Privacy
from hitwatch.stats.panels import Panel


def private(panels: tuple[Panel, ...], privacy: Privacy) -> tuple[Panel, ...]:
    """Panels whose keys tell no more than they may.

    A panel that makes keys of its own, such as the site of a referrer, tells little enough.

    Args:
        panels: of keys as logged.
        privacy: what is replaced.

    """
    return tuple(
        replace(panel, label=privacy.label(panel.dimension.column))
        if panel.label is None and not panel.dimension.divide
        else panel
        for panel in panels
    )
