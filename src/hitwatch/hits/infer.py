"""Layouts that no format file describes: known fields with something unknown around them.

Most servers write the common log format with something more: a virtual host in front, the list
of forwarded addresses between, durations behind. A time in brackets, a request in quotes and a
status behind it are unmistakable; what stands around them is told by its type. What has none
that is known is kept as ``extra_1``, ``extra_2`` and so on, and the layout is called a guess.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from hitwatch.hits.clf import (
    ADDRESSES,
    AGENT,
    CIPHER,
    CLF,
    HOST,
    ISO,
    TLS,
    URL,
    all_look_like,
)
from hitwatch.hits.format import Format, Guess, read_lines
from hitwatch.hits.separated import separated

NAME = "clf-like"
"""What an inferred layout is called."""

_LOOKED_AT = 200
_MOST_TOKENS = 32
_CONSISTENT = 3

_US = r"\d\d/\d\d/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}"
_TIMES = (
    (re.compile(rf"\[(?:{CLF}|{ISO})\]"), "[{time}]", "any"),
    # cPanel's logs have the month first.
    (re.compile(rf"\[{_US}\]"), "[{time}]", "%m/%d/%Y:%H:%M:%S %z"),
    (re.compile(rf"(?<![^ ])(?:{CLF}|{ISO})(?= )"), "{time}", "any"),
    (re.compile(r"^\d{10}(?:\.\d{1,9})?(?= )"), "{time}", "epoch:s"),
    (re.compile(r"^\d{13}(?= )"), "{time}", "epoch:ms"),
)
"""How times look, how a template has them, and in which format they are."""

_REQUEST = re.compile(r'"(?:[A-Z][A-Z_-]{1,19} (?:[^"\\]|\\.)*|-|)"')
_UNQUOTED = re.compile(r"(?<= )[A-Z]{3,10} \S+ HTTP/\d(?:\.\d)?(?= )")
_TOKEN = re.compile(
    r"""
      "(?P<quoted>(?:[^"\\]|\\.)*)"(?=\s|$)
    | \["(?P<bracketed_quoted>[^"\]]*)"\](?=\s|$)
    | \[(?P<bracketed>[^\]\s]*)\](?=\s|$)
    | \((?P<parenthesised>[^)]*)\)(?=\s|$)
    | (?P<key>[A-Za-z][\w.-]{0,31})=(?:"(?P<quoted_value>(?:[^"\\]|\\.)*)"|(?P<value>\S*))(?=\s|$)
    | (?P<bare>\S+(?:(?<=,)\ [\w.:-]+)*)
    """,
    re.VERBOSE,
)
_INTEGER = re.compile(r"\d+")
_HALVES = re.compile(r"(\d+)/(\d+)")
_AROUND = {
    "quoted": ('"', '"'),
    "bracketed_quoted": ('["', '"]'),
    "bracketed": ("[", "]"),
    "parenthesised": ("(", ")"),
    "bare": ("", ""),
}
_KEYS = {
    # As NGINX' admin guide names them; each is in seconds.
    "rt": "duration_s",
    "request_time": "duration_s",
    "urt": "upstream_duration_s",
    "upstream_response_time": "upstream_duration_s",
    "cs": "cache_status",
}
"""What names in front of a value mean, where their documentation says so."""


@dataclass(frozen=True, slots=True)
class _Token:
    """A piece of a line between blanks: how it is marked off, its name, and what it says."""

    how: str
    text: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class _Taken:
    """A line taken apart: what stands before the time, before the request, and behind it."""

    time: int
    quoted: bool
    head: tuple[_Token, ...]
    between: tuple[_Token, ...]
    tail: tuple[_Token, ...]

    @property
    def shape(self) -> tuple[int, bool, int, int]:
        """What lines of one layout have in common."""
        return self.time, self.quoted, len(self.head), len(self.between)


_Rows = Sequence[Sequence[_Token]]


def infer(data: bytes) -> Format | None:
    """The layout of lines like the common log format, with unknown values around the known.

    Args:
        data: whole lines.

    Returns:
        ``None`` where fewer than half of the lines have a time, a request and a status.

    """
    lines = [line for line in data.decode("utf-8", "replace").splitlines() if line.strip()]
    lines = lines[:_LOOKED_AT]
    taken = [found for line in lines if (found := _taken_apart(line))]
    are_few = not taken or 2 * len(taken) < len(lines)
    if lines and (are_few or "\t" in lines[0]) and (told := separated(lines)):
        return _format(told[0], (), told[1])
    if are_few:
        return None
    shape, count = Counter(each.shape for each in taken).most_common(1)[0]
    if 2 * count < len(taken):
        return None
    alike = [each for each in taken if each.shape == shape]
    names = _Names()
    columns = _columns([each.head + each.between for each in alike])
    place, quoted, before_time, _ = shape
    head = _head(columns, before_time, names)
    few = len(alike) < _CONSISTENT
    if head is None or (names.unknown and (few or _is_in_two(columns[:before_time]))):
        # A word more may as well be the first of a name.
        return None
    _, written, time_format = _TIMES[place]
    request = '"{request}"' if quoted else "{request*}"
    known, optional = _tail([each.tail for each in alike], names)
    around = [*head[:before_time], written, *head[before_time:]]
    line = " ".join([*around, request, "{status}"])
    return _format(line + known, optional, time_format)


def _format(line: str, optional: Sequence[str], time_format: str) -> Format:
    table = {"line": line, "optional": optional}
    shown = line + "".join(optional[:-1])
    return Format(
        name=NAME,
        title=shown,
        lines=read_lines(table, {}, NAME),
        time_format=time_format,
        time_means="end",
        source="https://httpd.apache.org/docs/2.4/logs.html#common",
        guesses=(
            Guess(
                "layout",
                shown,
                "the time, the request and the status are certain; what is around them was told"
                " by what it looks like",
                "--log-format with the server's own string",
            ),
        ),
    )


class _Names:
    """Gives each field a name once; others are ``extra_1`` and so on.

    Attributes:
        unknown: how many values of the head look like nothing in particular.

    """

    def __init__(self) -> None:
        self._given: set[str] = set()
        self._extras = 0
        self.unknown = 0

    def free(self, name: str) -> bool:
        """Whether a name has not been given yet."""
        return name not in self._given

    def take(self, name: str) -> str:
        """Give a name."""
        self._given.add(name)
        return f"{{{name}}}"

    def extra(self, *, quotes: str = "") -> str:
        """Name what has no name."""
        self._extras += 1
        return f"{{{quotes}extra_{self._extras}:text{quotes}}}"

    def own(self, key: str) -> str:
        """The name of a value that the log itself names."""
        name = re.sub(r"[^a-z0-9]+", "_", key.lower()).strip("_") or "x"
        return f"x_{name}" if not name[0].isalpha() else name


def _taken_apart(line: str) -> _Taken | None:
    times = ((place, pattern.search(line)) for place, (pattern, _, _) in enumerate(_TIMES))
    place, found = next(((place, match) for place, match in times if match), (0, None))
    if found is None:
        return None
    request = _REQUEST.search(line, found.end()) or _UNQUOTED.search(line, found.end())
    if request is None:
        return None
    head = _tokens(line[: found.start()].strip())
    between = _tokens(line[found.end() : request.start()].strip())
    behind = _tokens(line[request.end() :].strip())
    if max(len(head), len(between), len(behind)) > _MOST_TOKENS:
        return None
    status = bool(behind) and re.fullmatch(r"[1-9]\d\d|000|0|-", behind[0].text)
    if not status or behind[0].how != "bare" or _TIMES[place][0].search(line, request.end()):
        # Two lines written into each other are none.
        return None
    return _Taken(place, line[request.start()] == '"', head, between, behind[1:])


def _tokens(text: str) -> tuple[_Token, ...]:
    found = []
    for match in _TOKEN.finditer(text):
        key = match["key"] or ""
        if key:
            quoted = match["quoted_value"]
            how = "bare" if quoted is None else "quoted"
            found.append(_Token(how, match["value"] if quoted is None else quoted, key))
        else:
            how = match.lastgroup or "bare"
            found.append(_Token(how, match[how]))
    return tuple(found)


def _columns(rows: _Rows) -> list[list[_Token]]:
    """The tokens at each place; a place that some rows lack has fewer."""
    most = max(map(len, rows), default=0)
    return [[row[place] for row in rows if place < len(row)] for place in range(most)]


def _all(column: Sequence[_Token], pattern: re.Pattern[str]) -> bool:
    return all_look_like((token.text for token in column), pattern)


def _dashes(column: Sequence[_Token]) -> bool:
    return all(token.text == "-" and token.how == "bare" for token in column)


def _how(column: Sequence[_Token]) -> str:
    """How the values of a place are marked off; ``bare`` where not all alike."""
    ways = {token.how for token in column}
    return ways.pop() if len(ways) == 1 else "bare"


def _listed(column: Sequence[_Token]) -> bool:
    return any("," in token.text for token in column)


def _head(columns: list[list[_Token]], before_time: int, names: _Names) -> list[str] | None:
    """Templates of what stands before the request; ``None``: nothing there can be the client."""
    client = _client_place(columns)
    if client is None:
        return None
    # The user stands right before the time, or last of what is behind the client.
    last = before_time - 1 if client < before_time else len(columns) - 1
    templates: list[str] = []
    for place, column in enumerate(columns):
        how = _how(column)
        before, after = _AROUND[how]
        if place == client and _listed(column):
            bare = "{client_list*}" if how == "bare" else "{client_list}"
            template = before + bare + after
            names.take("client")
        elif place == client:
            template = before + names.take("client") + after
        elif place == last and place > client and how in ("bare", "quoted") and _is_name(column):
            template = before + names.take("user") + after
        elif _dashes(column) and place > client:
            # Behind a list, which has blanks of its own, the dash tells where it ends.
            listed = templates[client].endswith("*}")
            template = "-" if listed or not names.free("ident") else names.take("ident")
        else:
            template = before + _known(column, place - client, names) + after
        templates.append(template)
    return templates


def _is_in_two(columns: list[list[_Token]]) -> bool:
    """Whether what stands before the time may be a name of two words on every line."""
    if len(columns) < 2:
        return False
    words = [token.text for column in columns[-2:] for token in column]
    return all(word.replace("-", "").isalpha() and word != "-" for word in words)


def _client_place(columns: list[list[_Token]]) -> int | None:
    """Which value is the client: the first bare address, else a quoted one, else a name."""
    for how in ("bare", "quoted"):
        for place, column in enumerate(columns):
            if _how(column) == how and _all(column, ADDRESSES):
                return place
    for place, column in enumerate(columns[:2]):
        if _how(column) == "bare" and _all(column, HOST):
            return place
    return None


def _is_name(column: Sequence[_Token]) -> bool:
    return not _all(column, HOST) and not _all(column, ADDRESSES)


def _known(column: Sequence[_Token], behind: int, names: _Names) -> str:
    """The template of a value before the request, by its type."""
    how = _how(column)
    if _all(column, HOST) and names.free("host"):
        names.take("host")
        # In front, as Apache's %v:%p, the port is a column of its own.
        return "{host_address}" if behind < 0 else "{virtual_host}" if how == "bare" else "{host}"
    if how != "bare" and _all(column, ADDRESSES) and names.free("forwarded_for"):
        return names.take("forwarded_for")
    names.unknown += not _all(column, ADDRESSES)
    return _typed(column, names) or names.extra()


def _typed(column: Sequence[_Token], names: _Names) -> str | None:
    """The template of a value whose looks tell what it is, wherever it stands."""
    for name, pattern in (("tls_protocol", TLS), ("tls_cipher", CIPHER)):
        if _all(column, pattern) and names.free(name):
            return names.take(name)
    return None


def _tail(rows: _Rows, names: _Names) -> tuple[str, list[str]]:
    """What stands behind the status: what every line has, and what may be missing."""
    columns = _columns(rows)
    told, place = "", 0
    size = _size_place(columns, rows)
    if size is not None:
        between = [names.extra(quotes='"') for _ in columns[:size]]
        told = "".join(f" {template}" for template in [*between, "{bytes_clf}"])
        place = size + 1
    quoted = [c for c in columns[place : place + 2] if _whole(c, rows) and _how(c) == "quoted"]
    if len(quoted) == 2 and _refers(columns[place]):
        told, place = f'{told} "{{referrer}}" "{{user_agent}}"', place + 2
    elif quoted and _all(columns[place], AGENT):
        told, place = f'{told} "{{user_agent}}"', place + 1
    optional = [" " + _behind(column, names) for column in columns[place:] if column]
    return told, [*optional, " {skip}"]


def _size_place(columns: list[list[_Token]], rows: _Rows) -> int | None:
    """Where the bytes stand: the first whole number before anything in quotes."""
    for place, column in enumerate(columns):
        if not _whole(column, rows) or _how(column) != "bare":
            return None
        if _all(column, _INTEGER) or (place == 0 and _dashes(column)):
            return place
    return None


def _whole(column: Sequence[_Token], rows: _Rows) -> bool:
    return len(column) == len(rows) and not any(token.key for token in column)


def _refers(column: Sequence[_Token]) -> bool:
    """Whether most values are addresses of pages, or absent: anybody may send another text."""
    fitting = sum(bool(URL.match(token.text)) for token in column)
    return 2 * fitting >= len(column)


def _behind(column: Sequence[_Token], names: _Names) -> str:
    """The template of a value behind the known ones."""
    keys = {token.key for token in column}
    if len(keys) == 1 and (key := next(iter(keys))):
        name = _KEYS.get(key.lower()) or names.own(key)
        if names.free(name):
            names.take(name)
            kind = "" if name in _KEYS.values() else ":text"
            return f'{key}={{"{name}{kind}"}}'
    how = _how(column)
    if how == "quoted" and _all(column, ADDRESSES) and names.free("forwarded_for"):
        names.take("forwarded_for")
        return '{"forwarded_for"}'
    if how in ("bare", "quoted") and _all(column, HOST) and names.free("host"):
        names.take("host")
        return '{"host"}'
    if _is_seconds_and_microseconds(column) and names.free("duration_s"):
        names.take("duration_s")
        return "{skip}/{duration_us}"
    typed = _typed(column, names) if how == "bare" else None
    if typed:
        return typed
    if how == "bare" and _listed(column):
        return names.extra()[:-1] + "*}"
    return names.extra(quotes='"')


def _is_seconds_and_microseconds(column: Sequence[_Token]) -> bool:
    """Apache's ``%T/%D``: the one is the other without its last six digits."""
    found = [_HALVES.fullmatch(token.text) for token in column]
    return all(match and int(match[2]) // 1_000_000 == int(match[1]) for match in found)
