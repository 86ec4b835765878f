"""Clients behind proxies, anonymous addresses, and queries without secrets."""

from __future__ import annotations

import time
from ipaddress import ip_address
from typing import Literal
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitwatch.errors import UsageError
from hitwatch.privacy.redact import REDACTED, anonymize, redact_query, trusted_client
from hitwatch.select.networks import Networks, parse_address

PROXIES = Networks.of(["10.0.0.0/8", "2001:db8:ffff::/48"])


@pytest.mark.parametrize(
    ("client", "header", "expected"),
    [
        ("10.0.0.1", "192.0.2.1", "192.0.2.1"),
        ("10.0.0.1", "8.8.8.8, 192.0.2.1", "192.0.2.1"),
        ("10.0.0.1", "8.8.8.8, 192.0.2.1, 10.2.2.2,10.3.3.3", "192.0.2.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("192.0.2.9", "8.8.8.8", "192.0.2.9"),
        ("name.example", "8.8.8.8", "name.example"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "-", "10.0.0.1"),
        ("10.0.0.1:4711", "192.0.2.1:80", "192.0.2.1"),
        ("::ffff:10.0.0.1", "[2001:db8::1]:443", "2001:db8::1"),
        ("2001:db8:ffff::1", '"[2001:DB8::1]"', "2001:db8::1"),
        ("10.0.0.1", "8.8.8.8, unknown, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "8.8.8.8, <script>", "10.0.0.1"),
        ("10.0.0.1", "8.8.8.8,", "10.0.0.1"),
        ("10.0.0.1", "fe80::1%<script>", "10.0.0.1"),
        ("10.0.0.1", "fe80::1%eth0", "fe80::1"),
        ("10.0.0.1", "192.0.2.1:99999999", "10.0.0.1"),
        ("10.0.0.1", "1.2.3", "10.0.0.1"),
        ("10.0.0.1", "010.1.1.1", "10.0.0.1"),
    ],
)
def test_the_client_behind_proxies(client: str, header: str | None, expected: str) -> None:
    """Read from the right, as far as the proxies are trusted, and no further."""
    assert trusted_client(client, header, PROXIES) == expected


def test_a_claim_is_never_believed() -> None:
    """Whatever a client puts in front, the address that the proxy saw counts."""
    for claim in ("10.0.0.9", "8.8.8.8", "x" * 100_000, ",,,", "10.0.0.9, " * 1000):
        assert trusted_client("10.0.0.1", f"{claim}, 192.0.2.1", PROXIES) == "192.0.2.1"


@given(st.text(), st.text())
def test_any_header_gives_an_address(client: str, header: str) -> None:
    """The answer is the peer or an address, whatever the header has."""
    assert trusted_client(client, header, PROXIES) == client
    found = trusted_client("10.0.0.1", header, PROXIES)
    assert str(ip_address(found)) == found


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.77", "192.0.2.0"),
        ("192.0.2.77:80", "192.0.2.0"),
        ("::ffff:192.0.2.77", "192.0.2.0"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ("[2001:db8:1:2::]:80", "2001:db8:1::"),
        ("2002:c000:0207::1", "2002:c000:200::"),
        ("fe80::1%eth0", "fe80::"),
        ("dsl-192-0-2-7.isp.example", REDACTED),
        ("192.0.2.7, 192.0.2.8", REDACTED),
        ("-", "-"),
        ("", ""),
    ],
)
def test_truncated_addresses(address: str, expected: str) -> None:
    """The first bits stay; what is no address says nothing."""
    assert anonymize(address) == expected


def test_hashed_addresses() -> None:
    """The same for one client and key, else different; keys may have any length."""
    one, again = anonymize("192.0.2.7", "hash", b"k"), anonymize("::ffff:192.0.2.7", "hash", b"k")
    assert one == again
    assert len(one) == 16
    assert int(one, 16)
    others = {anonymize("192.0.2.8", "hash", b"k"), anonymize("192.0.2.7", "hash", b"K" * 100)}
    assert len(others | {one}) == 3
    assert len(anonymize("name", "hash", b"k")) == 16
    with pytest.raises(UsageError, match="without a key"):
        anonymize("192.0.2.7", "hash")


@given(st.text() | st.ip_addresses().map(str), st.sampled_from(["truncate", "hash"]))
def test_any_text_is_made_anonymous(address: str, mode: Literal["truncate", "hash"]) -> None:
    """Nothing fails, and what comes out is known to tell little."""
    found = anonymize(address, mode, b"key")
    if mode == "hash" or address in ("", "-", REDACTED):
        return
    assert found == REDACTED or anonymize(found) == found
    known = parse_address(address)
    if known is not None and known.version == 4:
        assert found == str(known).rpartition(".")[0] + ".0"


@pytest.mark.parametrize(
    "name",
    [
        *("token", "access_token", "accessToken", "ACCESS-TOKEN", "token2", "t%6Fken", "t%256Fken"),
        *("key", "api_key", "apikey", "APIKey", "X-Api-Key", "privatekey", "credential"),
        *("password", "%70assword", "user[password]", "user.password", "passwd", "pwd", "pin"),
        *("secret", "client_secret", "sid", "PHPSESSID", "jsessionid", "session", "session_id"),
        *("auth", "oauth_verifier", "authorization", "authenticity_token", "code", "otp", "csrf"),
        *("signature", "X-Amz-Signature", "X-Amz-Credential", "sig", "jwt", "id_token"),
    ],
)
def test_secret_names(name: str) -> None:
    """Values of parameters with secret names are taken out, others stay."""
    assert redact_query(f"a=1&{name}=x7&b=2") == f"a=1&{name}=REDACTED&b=2"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "a",
        "a=1&b=2",
        "=&&=;",
        "page=2&sort=-price;dir=asc",
        "author=ann&keyword=shoes&inside=1&president=x&design=y&assign=z",
        "q=how+to+write+2026+a+very+long+question+with+many+words+and+more",
        "slug=how-to-build-a-house-in-2026-with-friends-and-family",
        "id=123e4567-e89b-12d3-a456-426614174000",
        "_=1700000000000&t=2026-01-31T10:00:00%2B01:00",
        "url=https%3A%2F%2Fexample.com%2Fa%3Fb%3Dc",
        "token=&password",
        "x=%zz%&y=%ff%fe",
        "handle=@ann&at=a@b",
    ],
)
def test_what_stays(query: str) -> None:
    """Ordinary parameters are not touched, not even their spelling."""
    assert redact_query(query) == query


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=ann@example.com", "q=REDACTED"),
        ("q=ann%40example.com", "q=REDACTED"),
        ("q=ann%2540example.com", "q=REDACTED"),
        ("q=hello+ann%2Bx%40mail.example.com+bye&p=1", "q=REDACTED&p=1"),
        ("ann@example.com", "REDACTED"),
        ("ann@example.com=1", "REDACTED"),
        ("x=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "x=REDACTED"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "REDACTED"),
        ("n=4111111111111111", "n=REDACTED"),
        ("n=4111-1111-1111-1111", "n=REDACTED"),
        ("n=4111+1111+1111+1111", "n=REDACTED"),
        ("n=4111111111111112", "n=4111111111111112"),
        ("h=5d41402abc4b2a76b9719d911017c592", "h=REDACTED"),
        ("h=Zm9vYmFyMTIz/ZnV6ejQ1Ng_Zm9vYmFyMTIzZnV6ejQ1Ng", "h=REDACTED"),
        ("g=ghp_abcdefghijklmno", "g=REDACTED"),
        ("next=%2Flogin%3Fa%3D1%26token%3Dabc", "next=REDACTED"),
        ("next=/login?sid=4", "next=REDACTED"),
        ("json=%7B%22password%22%3A%22x%22%7D", "json=REDACTED"),
        ("a=1;token=x;b=2", "a=1;token=REDACTED;b=2"),
        ("password=ab;cd;ef&b=2", "password=REDACTED&b=2"),
        ("a=1;token=;b=ann@example.com", "a=1;token=;b=REDACTED"),
        ("a=1&amp;token=x", "a=1&amp;token=REDACTED"),
    ],
)
def test_telling_values(query: str, expected: str) -> None:
    """Mail addresses, tokens, card numbers and secrets inside of values are taken out."""
    assert redact_query(query) == expected


@given(st.text() | st.text("abKEYtokensid=&;%40@.+[]-\udcff\x00", max_size=80))
def test_any_query(query: str) -> None:
    """Nothing fails, and doing it again changes nothing."""
    once = redact_query(query)
    assert redact_query(once) == once


@given(st.text(min_size=1).filter(lambda text: "surrogate" not in repr(text)))
def test_a_password_never_shows(password: str) -> None:
    """However it is written, it is gone."""
    encoded = quote(password, safe="", errors="replace")
    assert redact_query(f"password={encoded}&a=1") == "password=REDACTED&a=1"


@pytest.mark.parametrize(
    "piece",
    ["a", "a@", "eyJ", "4", "4 ", "%25", "%", "a.", "A", "aA1", ";a=", "a=", "&", "\n", "é"],
)
def test_hostile_queries_take_no_longer(piece: str) -> None:
    """Time grows with the length, not with its square."""
    began = time.perf_counter()
    redact_query("x=" + piece * (100_000 // len(piece)))
    assert time.perf_counter() - began < 5
