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

from hitwatch.hits.format import Format, Guess, read_lines

NAME = "clf-like"
"""What an inferred layout is called."""

_LOOKED_AT = 200
_MOST_HEAD = 12
_MOST_TAIL = 32
_CONSISTENT = 3

_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_V4 = rf"(?:{_OCTET}\.){{3}}{_OCTET}"
_V6 = r"(?=[0-9A-Fa-f.%:]*:[0-9A-Fa-f.]*:)[0-9A-Fa-f:]{2,}(?:%\w+)?(?:\d[\d.]*)?"
_ADDRESS = rf"(?:{_V4}(?::\d{{1,5}})?|\[{_V6}\](?::\d{{1,5}})?|{_V6})"
_LISTED = rf"(?:{_ADDRESS}|unknown|-)"
_ADDRESS_RE = re.compile(_ADDRESS)
_LIST_RE = re.compile(rf"{_LISTED}(?:, *{_LISTED})*")
_BARE_LIST = re.compile(rf"{_LISTED}(?:, *{_LISTED})+(?= )")
_HOST_RE = re.compile(r"(?=[^ ]*[A-Za-z*])[\w*-]+(?:\.[\w*-]+)+\.?(?::\d{1,5})?|localhost(?::\d+)?")
_TIME = re.compile(r"\[\d{1,2}/[A-Z][a-z]{2}/\d{4}[: ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: [+-]\d{4})?\]")
_REQUEST = re.compile(r'"(?:[A-Z][A-Z_-]{1,19} [^"]*|-|)"|"(?:[A-Z][A-Z_-]{1,19} (?:[^"\\]|\\.)*)"')
_TOKEN = re.compile(
    r"""
      "(?P<quoted>(?:[^"\\]|\\.)*)"(?=\s|$)
    | \["(?P<bracketed_quoted>[^"\]]*)"\](?=\s|$)
    | \[(?P<bracketed>[^\]]*)\](?=\s|$)
    | \((?P<parenthesised>[^)]*)\)(?=\s|$)
    | (?P<key>[A-Za-z][\w.-]{0,31})=(?:"(?P<quoted_value>(?:[^"\\]|\\.)*)"|(?P<value>\S*))(?=\s|$)
    | (?P<bare>\S+)
    """,
    re.VERBOSE,
)
_URL = re.compile(r"[a-z][a-z0-9+.-]*://|-?$|android-app:")
_NUMBER = re.compile(r"-|\d+")
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

    head: tuple[_Token, ...]
    between: tuple[_Token, ...]
    status: bool
    size: bool
    tail: tuple[_Token, ...]


def infer(data: bytes) -> Format | None:
    """The layout of lines like the common log format, with unknown values around the known.

    Args:
        data: whole lines.

    Returns:
        ``None`` where fewer than half of the lines have a time, a request and a status.

    """
    lines = [line for line in data.decode("utf-8", "replace").splitlines() if line.strip()]
    taken = [found for line in lines[:_LOOKED_AT] if (found := _taken_apart(line))]
    if not taken or 2 * len(taken) < min(len(lines), _LOOKED_AT):
        return None
    shape, count = Counter((len(t.head), len(t.between), t.size) for t in taken).most_common(1)[0]
    if 2 * count < len(taken):
        return None
    alike = [t for t in taken if (len(t.head), len(t.between), t.size) == shape]
    names = _Names()
    head = _head([t.head for t in alike], names)
    if head is None or (names.unknown and len(alike) < _CONSISTENT):
        # A word more on a single line may as well be the second of a name.
        return None
    between = [_between(column, names) for column in _columns([t.between for t in alike])]
    known = '"{request}" {status}' + (" {bytes_clf}" if shape[2] else "")
    line = " ".join([*head, "[{time}]", *between, known])
    told, optional = _tail([t.tail for t in alike], names)
    return _format(line + told, optional)


def _format(line: str, optional: Sequence[str]) -> Format:
    table = {"line": line, "optional": optional}
    shown = line + "".join(optional[:-1])
    return Format(
        name=NAME,
        title=shown,
        lines=read_lines(table, {}, NAME),
        time_format="any",
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
    """Gives each field a name once; others are ``extra_1`` and so on."""

    def __init__(self) -> None:
        self._given: set[str] = set()
        self._extras = 0

    @property
    def unknown(self) -> int:
        """How many had no name."""
        return self._extras

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
    time = _TIME.search(line)
    if time is None:
        return None
    request = _REQUEST.search(line, time.end())
    if request is None:
        return None
    head = _tokens(_joined_lists(line[: time.start()].strip()))
    between = _tokens(line[time.end() : request.start()].strip())
    behind = _tokens(line[request.end() :].strip())
    if len(head) > _MOST_HEAD or len(between) > _MOST_HEAD or len(behind) > _MOST_TAIL:
        return None
    status = bool(behind) and bool(re.fullmatch(r"[1-9]\d\d|000|0|-", behind[0].text))
    if not status or _TIME.search(line, request.end()):
        # Two lines written into each other are none.
        return None
    size = len(behind) > 1 and bool(_NUMBER.fullmatch(behind[1].text))
    return _Taken(head, between, status, size, behind[1 + size :])


def _joined_lists(text: str) -> str:
    """A list of addresses as one word: its blanks are taken out."""
    return _BARE_LIST.sub(lambda found: found[0].replace(" ", ""), text + " ").rstrip(" ")


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


def _columns(rows: Sequence[Sequence[_Token]]) -> list[list[_Token]]:
    """The tokens at each place; a place that some rows lack has fewer."""
    most = max(map(len, rows), default=0)
    return [[row[place] for row in rows if place < len(row)] for place in range(most)]


def _all(column: Sequence[_Token], pattern: re.Pattern[str], *, some: bool = True) -> bool:
    """Whether all values but dashes look like this, and, unless told otherwise, there are any."""
    values = [token.text for token in column if token.text not in ("-", "")]
    return (bool(values) or not some) and all(pattern.fullmatch(value) for value in values)


def _dashes(column: Sequence[_Token]) -> bool:
    return all(token.text == "-" and token.how == "bare" for token in column)


def _head(rows: Sequence[Sequence[_Token]], names: _Names) -> list[str] | None:
    """Templates of what stands before the time; ``None``: nothing there can be the client."""
    columns = _columns(rows)
    bare = [place for place, column in enumerate(columns) if _how(column) == "bare"]
    clients = [place for place in bare if _all(columns[place], _LIST_RE)]
    if not clients:
        clients = [place for place in bare[:2] if _all(columns[place], _HOST_RE)]
    if not clients:
        return None
    client, last = clients[0], len(columns) - 1
    templates: list[str] = []
    for place, column in enumerate(columns):
        before, after = _AROUND[_how(column)]
        if place == client:
            listed = any("," in token.text for token in column)
            template = names.take("client_list")[:-1] + "*}" if listed else names.take("client")
        elif place == last and place > client and _how(column) == "bare":
            template = names.take("user")
        elif _dashes(column) and place > client:
            # Behind a list, which has blanks of its own, the dash tells where it ends.
            listed = templates[client].endswith("*}")
            template = "-" if listed or not names.free("ident") else names.take("ident")
        else:
            template = before + _known(column, place - client, names) + after
        templates.append(template)
    return templates


def _known(column: Sequence[_Token], behind: int, names: _Names) -> str:
    """The template of a value of the head, by its type."""
    how = _how(column)
    if _all(column, _HOST_RE) and how in ("bare", "bracketed_quoted") and names.free("host"):
        names.take("host")
        # In front, as Apache's %v:%p, the port is a column of its own.
        return "{host_address}" if behind < 0 else "{virtual_host}" if how == "bare" else "{host}"
    lists = how != "bare" and _all(column, _LIST_RE)
    if lists and names.free("forwarded_for"):
        return names.take("forwarded_for")
    return names.extra()


def _how(column: Sequence[_Token]) -> str:
    """How the values of a place are marked off; ``bare`` where not all alike."""
    ways = {token.how for token in column}
    return ways.pop() if len(ways) == 1 else "bare"


def _between(column: Sequence[_Token], names: _Names) -> str:
    before, after = _AROUND[_how(column)]
    if _all(column, _HOST_RE) and names.free("host"):
        names.take("host")
        return f"{before}{{host}}{after}"
    return before + names.extra() + after


def _tail(rows: Sequence[Sequence[_Token]], names: _Names) -> tuple[str, list[str]]:
    """What stands behind the known: what every line has, and what may be missing."""
    columns = _columns(rows)
    told, place = "", 0
    quoted = [column for column in columns[:2] if _whole(column, rows) and _how(column) == "quoted"]
    if len(quoted) == 2 and _refers(columns[0]):
        told, place = ' "{referrer}" "{user_agent}"', 2
    optional = []
    for column in columns[place:]:
        if column:
            optional.append(" " + _behind(column, names))
    return told, [*optional, " {skip}"]


def _whole(column: Sequence[_Token], rows: Sequence[Sequence[_Token]]) -> bool:
    return len(column) == len(rows) and not any(token.key for token in column)


def _refers(column: Sequence[_Token]) -> bool:
    """Whether most values are addresses of pages, or absent: anybody may send another text."""
    fitting = sum(bool(_URL.match(token.text)) for token in column)
    return 2 * fitting >= len(column)


def _behind(column: Sequence[_Token], names: _Names) -> str:
    """The template of a value behind the known ones."""
    keys = {token.key for token in column}
    if len(keys) == 1 and (key := next(iter(keys))):
        known = _KEYS.get(key.lower())
        if known and names.free(known):
            names.take(known)
            return f'{key}={{"{known}"}}'
        own = names.own(key)
        if names.free(own):
            names.take(own)
            return f'{key}={{"{own}:text"}}'
    lists = _how(column) == "quoted" and _all(column, _LIST_RE)
    if lists and names.free("forwarded_for"):
        names.take("forwarded_for")
        return '{"forwarded_for"}'
    return names.extra(quotes='"')
