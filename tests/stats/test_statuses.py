"""Names of status codes."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitwatch.stats.statuses import status_name


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (0, "No answer"),
        (200, "OK"),
        (404, "Not Found"),
        (413, "Content Too Large"),
        (429, "Too Many Requests"),
        (419, "Page Expired (Laravel)"),
        (460, "Client Closed Connection (AWS load balancer)"),
        (499, "Client Closed Request (nginx)"),
        (522, "Connection to Origin Timed Out (Cloudflare)"),
        (299, "Unassigned success"),
        (599, "Network Connect Timeout (proxies)"),
        (1000, "Not a status code"),
        (-5, "Not a status code"),
        (None, "Not logged"),
    ],
)
def test_names(code: int | None, name: str) -> None:
    """Registered codes, servers' own, and those nobody has named."""
    assert status_name(code) == name


def test_all_registered_codes_have_names() -> None:
    """Every code Python knows is known."""
    assert not [code for code in HTTPStatus if "nassigned" in status_name(code)]


@pytest.mark.parametrize("code", [444, *range(494, 500), 440, 449, *range(520, 528), 530, 561])
def test_own_codes_tell_whose_they_are(code: int) -> None:
    """A code of nginx, IIS, Cloudflare or AWS says so."""
    assert status_name(code).endswith(")")


@given(st.integers())
def test_every_code_has_a_name(code: int) -> None:
    """Whatever a server writes."""
    assert status_name(code)
