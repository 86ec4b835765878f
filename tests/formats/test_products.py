"""Products are told by several of their names together, and go before generic formats."""

from __future__ import annotations

import pytest

from hitwatch.errors import FormatError
from hitwatch.formats.registry import builtin, by_name
from hitwatch.formats.toml import read_format
from hitwatch.hits.detect import detect
from hitwatch.hits.parser import Parser

GENERIC = (
    b'{"time":"2024-03-05T08:15:30Z","remote_addr":"192.0.2.1","method":"GET","path":"/",'
    b'"status":200,"duration":12,"request_id":"r"}\n'
)


@pytest.mark.parametrize(
    "name", [known.name for known in builtin().values() if known.identifying_keys]
)
def test_lines_without_identifying_names_are_of_no_product(name: str) -> None:
    """Usual names alone make no product of a log, whatever columns they fill."""
    hits = Parser(by_name(name)).parse(GENERIC)
    assert len(hits) == 0


def test_one_identifying_name_is_not_enough() -> None:
    """It takes two; the reason says which format's names are missing."""
    line = GENERIC.replace(b'"request_id"', b'"response_flags"')
    hits = Parser(by_name("envoy-json")).parse(line)
    assert "keys that identify envoy-json" in hits.rejects[0].reason
    both = line.replace(b'"r"}', b'null,"upstream_cluster":"-"}')
    assert len(Parser(by_name("envoy-json")).parse(both)) == 1
    assert detect(both)[0].log_format.name == "envoy-json"


def test_scopes_need_names() -> None:
    """A scope that names no object is refused."""
    text = """
name = "x"
title = "x"
source = "x"
samples = []
layout = "json"
[scopes.request]
columns = ["method"]
"""
    with pytest.raises(FormatError, match="has no names"):
        read_format(text, where="x.toml")
