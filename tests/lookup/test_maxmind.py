"""Countries, cities and networks of addresses, out of databases made here."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mmdb_writer import MMDBWriter
from netaddr import IPSet  # type: ignore[import-untyped]  # it ships no types

from hitwatch.errors import UsageError
from hitwatch.lookup.maxmind import open_databases

BERLIN = {
    "city": {"names": {"en": "Berlin", "de": "Berlin"}},
    "country": {"iso_code": "DE", "names": {"de": "Deutschland", "en": "Germany"}},
}
CITIES: dict[str, Any] = {
    "203.0.113.0/24": BERLIN,
    "198.51.100.0/24": {"registered_country": {"iso_code": "FR", "names": {"fr": "la France"}}},
    "2001:db8::/32": {"city": {"names": {"en": "Oslo"}}},
    "1.2.3.0/24": {"country": "nonsense", "city": ["nonsense"]},
    "1.2.4.0/24": "nonsense",
}
ASNS: dict[str, Any] = {
    "203.0.113.0/24": {
        "autonomous_system_number": 3320,
        "autonomous_system_organization": "Deutsche Telekom AG",
    },
    "198.51.100.0/24": {"autonomous_system_number": 64500},
}

ADDRESSES = ("203.0.113.9", "2001:db8::1", "1.2.3.4", "8.8.8.8")


def database(path: Path, kind: str, records: dict[str, Any], version: int = 6) -> str:
    """Write a database."""
    writer = MMDBWriter(version, kind, ipv4_compatible=version == 6)
    for network, record in records.items():
        writer.insert_network(IPSet([network]), record)
    writer.to_db_file(str(path))
    return str(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database of each kind."""
    folder = tmp_path_factory.mktemp("geo")
    database(folder / "city.mmdb", "GeoLite2-City", CITIES)
    database(folder / "asn.mmdb", "GeoLite2-ASN", ASNS)
    four = {"192.0.2.0/24": {"country": {"iso_code": "NO", "names": {"en": "Norway"}}}}
    database(folder / "country.mmdb", "DBIP-Country-Lite", four, version=4)
    return folder


@pytest.mark.parametrize(
    ("address", "country", "city", "asn"),
    [
        ("203.0.113.9", "DE Germany", "Berlin, DE", "AS3320 Deutsche Telekom AG"),
        ("203.0.113.9:443", "DE Germany", "Berlin, DE", "AS3320 Deutsche Telekom AG"),
        ("::ffff:203.0.113.9", "DE Germany", "Berlin, DE", "AS3320 Deutsche Telekom AG"),
        ("198.51.100.1", "FR la France", "(unknown), FR", "AS64500"),
        ("2001:db8::1", "(private)", "Oslo", "(private)"),
        ("192.0.2.1", "NO Norway", "(private)", "(private)"),
        ("8.8.8.8", "(unknown)", "(unknown)", "(unknown)"),
        ("10.1.2.3", "(private)", "(private)", "(private)"),
        ("127.0.0.1", "(private)", "(private)", "(private)"),
        ("fe80::1%eth0", "(private)", "(private)", "(private)"),
        ("name.example", "(unknown)", "(unknown)", "(unknown)"),
        ("", "(unknown)", "(unknown)", "(unknown)"),
        ("1.2.3.4", "(unknown)", "(unknown)", "(unknown)"),
        ("1.2.4.4", "(unknown)", "(unknown)", "(unknown)"),
    ],
)
def test_the_place_of_an_address(
    folder: Path, address: str, country: str, city: str, asn: str
) -> None:
    """Of several databases the first that knows an address counts; records may be nonsense."""
    places = open_databases([str(folder / f"{name}.mmdb") for name in ("city", "country", "asn")])
    assert sorted(places) == ["asns", "cities", "countries"]
    found = [places[panel](address) for panel in ("countries", "cities", "asns")]
    assert found == [country, city, asn]


def test_places_are_values(folder: Path, tmp_path: Path) -> None:
    """The same databases label alike wherever their files are; others and fewer do not."""
    names = ("city", "asn")
    here = open_databases([str(folder / f"{name}.mmdb") for name in names])
    for name in names:
        (tmp_path / f"{name}.mmdb").write_bytes((folder / f"{name}.mmdb").read_bytes())
    there = open_databases([str(tmp_path / f"{name}.mmdb") for name in names])
    sent = pickle.loads(pickle.dumps(here))
    assert here == there == sent
    assert len({*here.values(), *there.values(), *sent.values()}) == 3
    written = [places["cities"].written for places in (here, there, sent)]
    assert len(set(written)) == 1
    assert str(folder) not in written[0]
    assert sent["cities"](ADDRESSES[0]) == "Berlin, DE"
    fewer = {network: CITIES[network] for network in list(CITIES)[:1]}
    other = open_databases([database(tmp_path / "other.mmdb", "GeoLite2-City", fewer)])
    assert other["cities"] != here["cities"]
    assert other["cities"].written != written[0]


def test_only_what_a_database_knows(folder: Path) -> None:
    """A database of networks makes no panel of countries."""
    assert list(open_databases([str(folder / "asn.mmdb")])) == ["asns"]
    assert list(open_databases([str(folder / "country.mmdb")])) == ["countries"]


def test_what_is_no_database_is_refused(folder: Path, tmp_path: Path) -> None:
    """Missing, of another kind, cut or not a database at all: said before anything is read."""
    wrong = {
        "missing": tmp_path / "missing.mmdb",
        "folder": tmp_path,
        "empty": tmp_path / "empty.mmdb",
        "text": tmp_path / "text.mmdb",
        "cut": tmp_path / "cut.mmdb",
    }
    wrong["empty"].write_bytes(b"")
    wrong["text"].write_text("not a database")
    whole = (folder / "city.mmdb").read_bytes()
    wrong["cut"].write_bytes(whole[: len(whole) // 2])
    for path in wrong.values():
        with pytest.raises(UsageError) as raised:
            open_databases([str(path)])
        assert raised.value.where == str(path)
    other = database(tmp_path / "other.mmdb", "GeoIP2-Connection-Type", {})
    with pytest.raises(UsageError, match="unsupported database type"):
        open_databases([other])


@given(data=st.data())
def test_a_damaged_database_is_refused(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Bytes that were changed give another place or the same error, at whatever time it shows."""
    damaged = bytearray((folder / "city.mmdb").read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / "city.mmdb"
    path.write_bytes(damaged)
    try:
        places = open_databases([str(path)]).values()
        found = [place(address) for place in places for address in ADDRESSES]
    except UsageError as error:
        found = [error.where]
    assert all(isinstance(key, str) for key in found)
