"""Hits whose clients, users and queries have been replaced."""

from __future__ import annotations

from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitwatch.errors import UsageError
from hitwatch.formats.registry import by_name
from hitwatch.formats.server_strings import resolve_format
from hitwatch.hits.batch import WITHHELD, Hits
from hitwatch.hits.parser import Parser
from hitwatch.privacy.pipeline import HitPipeline
from hitwatch.privacy.policy import Privacy, map_column, resolve_client
from hitwatch.privacy.redact import (
    REDACTED,
    Mode,
    anonymize,
    redact_query,
    redact_url,
    trusted_client,
)
from hitwatch.select.filter import Filter
from hitwatch.select.language import parse_predicate
from hitwatch.select.networks import Networks

PROXIES = Networks.of(["10.0.0.0/8"])
LINE = '{} - {} [10/Oct/2026:13:55:36 +0000] "GET {} HTTP/1.1" 200 5 "{}" "{}" "{}"\n'

CLIENTS = st.sampled_from(["10.0.0.1", "10.0.0.2", "192.0.2.9", "2001:db8::1", "name.example"])
HEADERS = st.sampled_from(
    ["-", "192.0.2.1", "192.0.2.2, 10.0.0.7", "8.8.8.8, 192.0.2.1", "unknown", "1.1.1.1,10.0.0.1"]
)


def parsed(text: str, log_format: str = "nginx-main", columns: list[str] | None = None) -> Hits:
    """Parse lines."""
    return Parser(by_name(log_format), columns=columns).parse(text.encode())


def line(
    client: str = "192.0.2.77",
    user: str = "-",
    target: str = "/",
    referrer: str = "-",
    agent: str = "-",
    header: str = "-",
) -> str:
    """Compose a line of nginx's."""
    return LINE.format(client, user, target, referrer, agent, header)


@given(st.lists(st.tuples(CLIENTS, HEADERS)))
def test_the_client_behind_proxies_is_found_by_pairs(pairs: list[tuple[str, str]]) -> None:
    """Each hit has the client that its own peer and header say, and values are distinct."""
    hits = parsed("".join(line(client, header=header) for client, header in pairs))
    trusted_networks = resolve_client(hits, PROXIES)
    expected = [trusted_client(c, None if h == "-" else h, PROXIES) for c, h in pairs]
    assert trusted_networks.frame(["client"])["client"].to_list() == expected
    assert sorted(trusted_networks.values("client")) == sorted(set(expected))
    others = [name for name in trusted_networks.text_columns if name != "client"]
    assert trusted_networks.frame(others).equals(hits.frame(others))


def test_a_format_without_the_header_keeps_its_clients() -> None:
    """Where no proxy is named, clients are those of the log."""
    hits = parsed('10.0.0.1 - - [10/Oct/2026:13:55:36 +0000] "GET / HTTP/1.1" 200 5\n', "common")
    assert resolve_client(hits, PROXIES) is hits


@given(st.lists(st.sampled_from(["ann", "bob", "-", "eve"])))
def test_equal_labels_become_one_value(users: list[str]) -> None:
    """Any label may be given to any text; absent values stay absent."""
    hits = map_column(
        parsed("".join(line(user=user) for user in users)), "user", lambda name: name[1]
    )
    assert hits.frame(["user"])["user"].to_list() == [
        None if user == "-" else user[1] for user in users
    ]
    assert len(set(hits.values("user"))) == len(hits.values("user"))


@given(st.lists(st.booleans(), max_size=20), st.integers(0, 3))
def test_what_is_not_chosen_is_excluded(wanted: list[bool], rejected: int) -> None:
    """The balance holds, also of a choice among chosen ones, and columns keep their types."""
    text = "".join(line(target="/yes" if yes else "/no", user="-") for yes in wanted)
    hits = parsed(text + "nonsense\n" * rejected)
    chosen = Filter(parse_predicate('path == "/yes"'))(hits)
    assert (len(chosen), chosen.rejected) == (sum(wanted), rejected)
    assert chosen.lines == len(chosen) + chosen.rejected + chosen.excluded
    frame = hits.frame()
    assert chosen.frame().equals(frame.filter(frame["path"] == "/yes"))
    assert chosen.frame().schema == frame.schema
    none = Filter(parse_predicate('path == "/other"'))(chosen)
    assert (len(none), none.excluded) == (0, len(wanted))


def test_bots_are_told_by_their_agents() -> None:
    """Only bots and tools, or none of them; who names no program is taken for a person."""
    agents = ["curl/8.5.0", "-", "Mozilla/5.0 (compatible; GPTBot/1.2)", "curl/8.5.0"]
    hits = parsed("".join(line(agent=agent) for agent in agents))
    assert len(Filter(bots=True)(hits)) == 3
    assert len(Filter(bots=False)(hits)) == 1
    assert Filter(bots=True).columns == {"user_agent"}


def test_conditions_see_the_true_client_and_nobody_else_does() -> None:
    """First the proxy is seen through, then hits are chosen, then clients are cut."""
    text = "".join(line("10.0.0.1", header=header) for header in ("192.0.2.7", "192.0.2.8"))
    pipeline = HitPipeline(
        PROXIES,
        hit_filter=Filter(parse_predicate("client == 192.0.2.8")),
        privacy=Privacy("truncate"),
    )
    hits = pipeline(parsed(text))
    assert hits.frame(["client"])["client"].to_list() == ["192.0.2.0"]
    assert hits.excluded == 1
    assert pipeline.columns == {"client", "forwarded_for"}


def test_what_tells_of_persons_is_made_anonymous() -> None:
    """Clients, each entry of a header, and users; the rest is as it was."""
    hits = parsed(line(user="ann lee", target="/a?token=x", header="192.0.2.7, junk, 2001:db8::5"))
    row = Privacy("truncate")(hits).frame().row(0, named=True)
    assert (row["client"], row["user"]) == ("192.0.2.0", REDACTED)
    assert row["forwarded_for"] == "192.0.2.0, REDACTED, 2001:db8::"
    assert row["target"] == "/a?token=x"
    row = Privacy("hash", b"key")(hits).frame().row(0, named=True)
    assert row["user"] == anonymize("ann lee", "hash", b"key")
    assert row["forwarded_for"].split(", ")[1] == anonymize("junk", "hash", b"key")


def test_secrets_leave_every_column_that_may_hold_a_query() -> None:
    """Query, target and referrer; and request lines that are none."""
    hits = parsed(line(target="/in?sid=4&x=1", referrer="https://u:p@a.example/?q=a@b.example#t"))
    row = Privacy(redact=True)(hits).frame().row(0, named=True)
    assert (row["query"], row["target"]) == ("sid=REDACTED&x=1", "/in?sid=REDACTED&x=1")
    assert row["referrer"] == "https://REDACTED@a.example/?q=REDACTED"
    assert row["client"] == "192.0.2.77"
    hits = parsed(line().replace("GET / HTTP/1.1", "HELLO /a?password=one two a@b.example"))
    row = Privacy(redact=True)(hits).frame().row(0, named=True)
    assert row["request_raw"] == "HELLO /a?password=REDACTED"


def test_columns_of_one_format_tell_no_more() -> None:
    """Cookies are taken out, and addresses wherever a column nobody else has holds them."""
    log_format = resolve_format('%h %t "%r" %>s %b "%{Cookie}i" "%{X-Real-IP}i" "%{X-Trace}i"')
    text = '::1 [10/Oct/2026:13:55:36 +0000] "GET / HTTP/1.1" 200 5 "a=1; b=2" "192.0.2.7" "t 1"\n'
    hits = Privacy("truncate", redact=True)(Parser(log_format).parse(text.encode()))
    row = hits.frame().row(0, named=True)
    assert "a=1; b=2" not in row.values()
    assert "192.0.2.7" not in row.values()
    assert "192.0.2.0" in row.values()
    assert "t 1" in row.values()


def test_rejected_lines_are_withheld() -> None:
    """A line that did not parse is not shown when hits are private: nobody knows what it says."""
    hits = parsed("secret\n" + line())
    assert [reject.line for reject in hits.rejects] == [b"secret"]
    for privacy in (Privacy("truncate"), Privacy(redact=True)):
        for pipeline in (
            HitPipeline(privacy=privacy),
            HitPipeline(privacy=privacy, figures_only=True),
        ):
            found = pipeline(hits)
            assert [reject.line for reject in found.rejects] == [WITHHELD]
            assert found.reasons == hits.reasons


def test_figures_are_those_of_the_true_clients() -> None:
    """Where nothing but figures is shown, two clients of one network stay two."""
    hits = parsed(line("192.0.2.7") + line("192.0.2.8"))
    pipeline = HitPipeline(privacy=Privacy("truncate"), figures_only=True)
    assert len(pipeline(hits).values("client")) == 2


def test_hashing_needs_a_key() -> None:
    """Without a key anybody could try all addresses; the key is not shown either."""
    with pytest.raises(UsageError, match="unknown anonymization mode 'cut'"):
        Privacy(cast(Mode, "cut"))
    with pytest.raises(UsageError, match="without a key"):
        Privacy("hash")
    assert "geheim" not in repr(Privacy("hash", b"geheim"))


def test_nothing_to_read() -> None:
    """No lines, and only rejected ones, pass every step."""
    pipeline = HitPipeline(
        PROXIES,
        hit_filter=Filter(parse_predicate("status > 1"), bots=False),
        privacy=Privacy("truncate"),
    )
    for text in ("", "nonsense\n"):
        hits = pipeline(parsed(text))
        assert (len(hits), hits.excluded) == (0, 0)
        assert len(hits.frame()) == 0


@given(st.text())
def test_addresses_of_the_web_keep_all_but_secrets(text: str) -> None:
    """Any text is taken; without a mark and a user it stays as it is."""
    redacted = redact_url(text)
    if not any(mark in text for mark in "?#") and "://" not in text:
        assert redacted == text
    assert redact_url(f"/a?{text}") == f"/a?{redact_query(text)}"


@given(st.text(), st.sampled_from([column.name for column in by_name("nginx-main").columns]))
def test_labels_take_any_text(text: str, column: str) -> None:
    """No text makes a label fail, whichever column it is of."""
    for privacy in (Privacy("truncate", redact=True), Privacy("hash", b"k"), Privacy()):
        for name in (column, "x_own", "cookie_own"):
            label = privacy.label(name)
            assert label is None or isinstance(label(text), str)


def test_labels_are_values() -> None:
    """What does the same counts as the same, and no secret is shown with it."""
    for column in ("client", "user", "query", "x_own"):
        labels = {Privacy("hash", b"geheim", redact=True).label(column) for _ in range(2)}
        assert len(labels) == 1
        assert "geheim" not in repr(labels)
    assert Privacy("truncate").label("client") != Privacy("hash", b"k").label("client")


def test_text_columns_are_the_text_columns() -> None:
    """Columns of numbers and times are none."""
    built = parsed(line(), columns=["client", "time", "status", "user"]).text_columns
    assert built == ("client", "user")
