"""The glossary names what the code has."""

from __future__ import annotations

import re
from pathlib import Path
from pkgutil import resolve_name

import pytest

GLOSSARY = Path(__file__).parent.parent.parent / "docs" / "glossary.md"
ENTRIES = re.findall(r"^\| ([^|]+) \| [^|]+ \| `([\w.]+)` \|$", GLOSSARY.read_text(), re.MULTILINE)


@pytest.mark.parametrize(("term", "name"), ENTRIES)
def test_each_term_is_in_the_code(term: str, name: str) -> None:
    """What an entry points at exists: as a module's own, an attribute or a field of a class."""
    owner, _, last = name.rpartition(".")
    module = resolve_name(owner)
    fields = getattr(module, "__annotations__", {})
    assert hasattr(module, last) or last in fields, term


def test_terms_are_in_order_and_told_once() -> None:
    """A reader finds a term where it belongs."""
    terms = [term for term, _ in ENTRIES]
    assert len(terms) >= 30
    assert terms == sorted(set(terms))
