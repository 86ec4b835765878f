"""Referring sites, static files, shapes of paths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitwatch.stats.urls import Sections, collapse_ids, is_static, referring_site


@pytest.mark.parametrize(
    ("referrer", "site"),
    [
        ("https://www.google.com/", "google.com"),
        ("https://www.google.com", "google.com"),
        ("HTTP://WWW.Example.ORG:8080/a?b#c", "example.org"),
        ("http://user:secret@example.org/x", "example.org"),
        ("http://google.com@evil.example/", "evil.example"),
        ("https://news.ycombinator.com?x", "news.ycombinator.com"),
        ("android-app://com.google.android.gm/", "com.google.android.gm"),
        ("http://example.org./", "example.org"),
        ("http://localhost:3000/", "localhost"),
        ("http://[2001:db8::1]:80/x", "[2001:db8::1]"),
        ("http://192.0.2.7/x", "192.0.2.7"),
        ("http://www.com/", "www.com"),
        ("https://bücher.example/", "bücher.example"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example"),
        ("-", None),
        ("", None),
        (None, None),
        ("/local/path", None),
        ("//example.org/x", None),
        ("example.org", None),
        ("about:blank", None),
        ("http://", None),
        ("http:///x", None),
        ("http://-/", None),
        ("http://a..b/", None),
        ("http://a\\x00b/", None),
        ("http://a b/", None),
        ("javascript:alert(1)", None),
        ("http://example.org:port/", None),
        ("http://" + "a" * 300 + "/", None),
    ],
)
def test_referring_site(referrer: str | None, site: str | None) -> None:
    """The host that a browser would show, or nothing."""
    assert referring_site(referrer) == site


@pytest.mark.parametrize(
    ("path", "static"),
    [
        ("/style.css", True),
        ("/app.min.JS", True),
        ("/img/photo.jpeg?v=3", True),
        ("/font.woff2", True),
        ("/style.css;jsessionid=1", True),
        ("/favicon.ico", True),
        ("/", False),
        ("/index.html", False),
        ("/a.css/b", False),
        ("/feed.xml", False),
        ("/api.php?file=a.css", False),
        ("/css", False),
        ("/v1.0", False),
        ("", False),
    ],
)
def test_static(path: str, static: bool) -> None:
    """Told by the extension of the last segment."""
    assert is_static(path) is static


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/user/123/x", "/user/:id/x"),
        ("/user/123", "/user/:id"),
        ("/1/2/3/", "/:id/:id/:id/"),
        ("/o/6f9619ff-8b86-d011-b42d-00c04fc964ff", "/o/:id"),
        ("/blob/DA39A3EE5E6B4B0D3255BFEF95601890AFD80709", "/blob/:id"),
        ("/doc/507f1f77bcf86cd799439011/edit", "/doc/:id/edit"),
        ("/photo/7.jpg", "/photo/:id.jpg"),
        ("/user/:id/x", "/user/:id/x"),
        # dates stay
        ("/2024/05/17/title", "/2024/05/17/title"),
        ("/blog/2024/5/", "/blog/2024/5/"),
        ("/2024/13/17", "/2024/:id/:id"),
        ("/2024/05/17/23", "/2024/05/17/:id"),
        ("/day/20240517", "/day/20240517"),
        ("/day/20241317", "/day/:id"),
        ("/day/2024-05-17", "/day/2024-05-17"),
        # words and versions stay
        ("/v1/api/1.0/x", "/v1/api/1.0/x"),
        ("/deadbeefdeadbeef", "/deadbeefdeadbeef"),
        ("/abc123", "/abc123"),
        ("/", "/"),
        ("", ""),
        ("/٣/x", "/٣/x"),
    ],
)
def test_collapse_ids(path: str, shape: str) -> None:
    """Segments that tell one thing from its like become one."""
    assert collapse_ids(path) == shape


@given(st.text())
def test_never_raises(text: str) -> None:
    """Whatever a client sends; a shape is its own shape."""
    is_static(text)
    shape = collapse_ids(text)
    assert collapse_ids(shape) == shape
    assert shape.count("/") == text.count("/")


@given(st.text(), st.sampled_from(["http://", "https://www.", "android-app://", ""]))
def test_sites_are_hosts(text: str, scheme: str) -> None:
    """A site holds nothing of a path, and is short."""
    site = referring_site(scheme + text)
    assert site is None or (0 < len(site) <= 253 and not set(site) & set("/?#@ \n"))


def test_long_input() -> None:
    """Megabytes take no noticeable time."""
    assert referring_site("http://example.org/" + "a" * 5_000_000) == "example.org"
    assert not is_static("/" + "." * 5_000_000)
    assert collapse_ids("/1" * 300_000) == "/:id" * 300_000


@pytest.mark.parametrize(
    ("path", "section"),
    [
        ("/img/a.png", "images"),
        ("/v2/users", "api"),
        ("/shop/cart/7", "/shop/cart"),
        ("/user/123/x", "/user/:id"),
        ("/shop", "/shop"),
        ("/", "/"),
        ("/a/", "/a/"),
        ("*", "*"),
        ("(connect)", "(connect)"),
        ("nonsense", "(malformed)"),
    ],
)
def test_sections_are_groups_and_segments(path: str, section: str) -> None:
    """A path belongs to the first group that it fits, else to its first segments."""
    groups = (("images", r"\A/img/.*\Z"), ("api", r"^/v[0-9]+/"))
    assert Sections(2, True, groups)(path) == section
