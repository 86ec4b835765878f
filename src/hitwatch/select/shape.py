"""Sections as the user makes them, and paths without ids, in place of those that were parsed."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from hitwatch.hits.batch import Hits
from hitwatch.select.derived import told_of_texts
from hitwatch.stats.urls import Sections, collapse_ids

_KNOWN = 1 << 16
"""Paths of which it is remembered what they become."""

NEEDS = frozenset({"path", "section"})
"""Columns that it takes to make sections."""


def regrouped(hits: Hits, sections: Sections) -> Hits:
    """Hits whose sections are made otherwise than by the parser.

    Args:
        hits: the hits; without the columns of ``NEEDS`` they stay as they are.
        sections: what makes them.

    """
    if not all(hits.has(name) for name in NEEDS):
        return hits
    made = _remembering(sections)
    paths, parsed = hits.codes["path"], hits.codes["section"]
    texts = told_of_texts(hits, "path", paths, made)
    # What has no path, such as CONNECT, is a section of its own.
    pathless = told_of_texts(hits, "section", parsed.filter(paths.is_null()), made)
    places = paths.fill_null(parsed + len(texts)).fill_null(len(texts) + len(pathless))
    return hits.replace_texts("section", places, texts + pathless)


def without_ids(hits: Hits) -> Hits:
    """Hits with ``:id`` in their paths in place of ids."""
    if not hits.has("path"):
        return hits
    codes = hits.codes["path"]
    texts = told_of_texts(hits, "path", codes, _shape)
    return hits.replace_texts("path", codes.fill_null(len(texts)), texts)


@lru_cache(maxsize=8)
def _remembering(sections: Sections) -> Callable[[str], str]:
    return lru_cache(_KNOWN)(sections)


_shape = lru_cache(_KNOWN)(collapse_ids)
