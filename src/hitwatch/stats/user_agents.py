"""What a User-Agent header says of the program behind it; asks nobody whether it is true.

Programs that name themselves are known from ``bots.toml``, browsers and operating systems from
ua-parser. That library is loaded when the first browser is seen, as it costs some 70 ms and
13 MB.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, cast

from hitwatch import _kernel

Kind = Literal["human", "search", "ai", "tool", "monitor", "bot", "unknown"]

READ_UP_TO = 1000
"""Characters of a header that are looked at."""

_KEPT = 65_536
"""Agents that are remembered, in some 10 MB."""


@dataclass(frozen=True, slots=True)
class Agent:
    """The program behind a request, as it calls itself.

    Attributes:
        browser: name of the browser; empty when unknown, and for all that is no browser,
            whichever it pretends to be.
        browser_version: its major version.
        os: name of the operating system, likewise.
        os_version: its version, as far as it tells releases apart.
        kind: a human's browser, or what sort of program.
        bot: name of the program when it is no human's browser.

    """

    browser: str = ""
    browser_version: str = ""
    os: str = ""
    os_version: str = ""
    kind: Kind = "unknown"
    bot: str | None = None


@dataclass(frozen=True, slots=True)
class Bot:
    """A program that names itself.

    Attributes:
        token: what stands in the header.
        name: what it is reported as.
        kind: what sort of program it is.
        operator: who runs or makes it.
        source: address where that is documented.

    """

    token: str
    name: str
    kind: Kind
    operator: str
    source: str


UNKNOWN = Agent()
"""What is said of no header, or an empty one."""


def classify(user_agent: str | None) -> Agent:
    """Say what program a User-Agent header names.

    Args:
        user_agent: the header, of any length and content; ``-`` is none.

    """
    text = _ascii(user_agent or "")
    return UNKNOWN if text in ("", "-") else _classify(text)


@cache
def bots() -> tuple[Bot, ...]:
    """All programs that are known by name."""
    text = (files("hitwatch.stats") / "bots.toml").read_text("utf-8")
    return tuple(
        Bot(
            token=token,
            name=group.get("names", {}).get(token, token),
            kind=group["kind"],
            operator=group["operator"],
            source=group["source"],
        )
        for group in tomllib.loads(text)["bots"]
        for token in group["tokens"]
    )


def prepare() -> None:
    """Load what tells browsers apart, which takes a while, before it is asked for."""
    _resolver()


def is_bot(user_agent: str) -> bool:
    """Whether a User-Agent header is that of a program that is no human's browser.

    The same as asking for the kind, without asking which browser it is.
    """
    text = _ascii(user_agent)
    return text not in ("", "-") and _find_bot(text) is not None


def _ascii(user_agent: str) -> str:
    # Names of programs are ASCII; what is not would only shift positions when lowered.
    return user_agent[:READ_UP_TO].strip().encode("ascii", "replace").decode("ascii")


_classified: dict[int, Agent] = {}
"""What is known of agents, by hash of the header: headers themselves may be long and many."""

_distinct: dict[Agent, Agent] = {}
"""Each program once, however many headers name it."""


def _classify(text: str) -> Agent:
    key = hash(text)
    agent = _classified.get(key)
    if agent is None:
        if len(_classified) >= _KEPT:
            _classified.clear()
            _distinct.clear()
        agent = _find_bot(text) or _browser(text)
        agent = _classified[key] = _distinct.setdefault(agent, agent)
    return agent


@cache
def signs() -> _kernel.Finder:
    """What a header has that may be a robot's: all others are not, which is told in no time."""
    tokens = sorted({bot.token.removeprefix("^") for bot in bots()})
    words = "bot|crawl|spider|scraper|fetcher|archiver|scanner|https?:|www[.]|mailto:"
    return _kernel.Finder(f"(?i){words}|{'|'.join(map(re.escape, tokens))}")


def _find_bot(text: str) -> Agent | None:
    return _find_bot_by_signs(text) if signs().finds(text) else None


def _find_bot_by_signs(text: str) -> Agent | None:
    known = _known(text)
    if known is not None and known.kind != "tool":
        return Agent(kind=known.kind, bot=known.name)
    # A robot's own name says more than that of the library it is built with.
    name = _named_bot(text)
    if name is None and known is not None:
        return Agent(kind="tool", bot=known.name)
    if name is None and _bot_sign(text):
        name = _product(text)
    return None if name is None else Agent(kind="bot", bot=name)


# --- Programs known by name ---------------------------------------------------------------

_WORD = re.compile(r"[a-z0-9]+")


@cache
def _by_first_word() -> dict[str, list[tuple[str, bool, Bot]]]:
    """Tokens by the word they begin with, longest first: text, only at the start, program."""
    found: dict[str, list[tuple[str, bool, Bot]]] = {}
    for bot in sorted(bots(), key=lambda bot: -len(bot.token)):
        token = bot.token.lower().removeprefix("^")
        word = cast("re.Match[str]", _WORD.match(token))[0]
        found.setdefault(word, []).append((token, bot.token.startswith("^"), bot))
    return found


def _known(text: str) -> Bot | None:
    """Find the first program known by name; of tools only when there is no other."""
    lowered = text.lower()
    tool = None
    for bot in _tokens(lowered):
        if bot.kind != "tool":
            return bot
        tool = tool or bot
    return tool


def _tokens(lowered: str) -> Iterator[Bot]:
    """Give the known tokens in the order they stand, one look-up for each word."""
    known = _by_first_word()
    for word in _WORD.finditer(lowered):
        start = word.start()
        for token, only_first, bot in known.get(word[0], ()):
            if only_first and start:
                continue
            end = start + len(token)
            if lowered.startswith(token, start) and not _goes_on(lowered, end):
                yield bot
                break


def _goes_on(lowered: str, end: int) -> bool:
    """Whether a token that ends here is but the beginning of a longer word."""
    return lowered[end - 1].isalnum() and lowered[end : end + 1].isalnum()


# --- Robots that nobody has listed ---------------------------------------------------------

# A name is no part of an address; a bare "bot" takes the word before it. What may repeat is
# bounded, and names begin only where words do, so that time grows with the length alone.
_ROBOT = re.compile(
    r"""(?<![\w./@:%!-])(?!www\.)
    ((?:[a-z0-9][\w.!-]{0,40}[ ])?(?:web|ro)?(?:bot|crawler|spider|scraper|fetcher)s?
    |[a-z0-9][\w.!-]{0,60}?(?:bot|crawler|spider|scraper|fetcher|crawl|archiver|scanner)s?
    )(?![a-z0-9@]|[.][a-z])""",
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)
_SIGN = re.compile(
    r"""\+\s?(?:https?:|www\.|mailto:)
    |(?:bot|crawler|spider)s?(?:@|\.html?|\.php|/|[ ]at[ ])""",
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)
_BRANDED = ("MSIE", "Android")
"""Browsers that people and firms have put the address of their home page into."""
_ADDRESS = re.compile(
    r"\+?\s?(?:https?:|www\.|mailto:)|(?<![\w.])[\w.]+@", re.IGNORECASE | re.ASCII
)
_PRODUCT = re.compile(r"(?<![\w.])[a-z][\w.!-]{0,60}", re.IGNORECASE | re.ASCII)
_OF_BROWSERS = """
    mozilla compatible windows nt macintosh intel mac os x x11 linux x86_64 i686 u like en us
    en-us applewebkit khtml gecko chrome safari version mobile firefox msie trident rv android
    iphone cpu win64 x64 wow64 ubuntu build from by see info at and for the of a v
"""
_NO_PRODUCT = frozenset(_OF_BROWSERS.split())
_BARE = frozenset(("bot", "robot", "crawler", "spider", "scraper", "fetcher", "webcrawler"))
_DEVICE = re.compile(r"android[ /;].*\)", re.IGNORECASE | re.DOTALL)


def _named_bot(text: str) -> str | None:
    """Find a word that calls itself a robot and is not the name of a telephone."""
    for match in _ROBOT.finditer(text):
        if not _is_telephone(text, match):
            name = match[1]
            return _product(text) if name.lower() in _BARE else name
    return None


def _is_telephone(text: str, match: re.Match[str]) -> bool:
    """Whether the word is a model within what an Android browser says of its device.

    Robots that pretend to be a telephone give themselves a version, an address or the word
    "compatible"; Cubot is a maker of telephones.
    """
    if match[1].lower().endswith("cubot"):
        return True
    device = _DEVICE.search(text)
    if device is None or not device.start() < match.start() < text.find(")", device.start()):
        return False
    return text[match.end() : match.end() + 1] != "/" and "compatible" not in text.lower()


def _bot_sign(text: str) -> bool:
    """Whether there is an address to read about the program, as only robots give."""
    address = "http://" in text or "https://" in text
    branded = any(name in text for name in _BRANDED)
    return (address and not branded) or _SIGN.search(text) is not None


def _product(text: str) -> str:
    """Name what stands before the address: the last product of a guise, else the first."""
    address = _ADDRESS.search(text)
    before = text[: address.start()] if address else text
    names = [name for name in _PRODUCT.findall(before) if name.lower() not in _NO_PRODUCT]
    if not names:
        return "(unnamed)"
    return str(names[-1 if text.lower().startswith("mozilla/") else 0])


# --- Browsers --------------------------------------------------------------------------------

_TEXT_BROWSERS = frozenset(("Lynx", "Links", "ELinks", "w3m", "Dillo", "NetSurf"))
_BY_MINOR = frozenset(("Mac OS X", "Ubuntu"))
"""Systems whose releases differ in the second number."""

_Name = tuple[str, str]
_Nothing: _Name = ("", "")


@cache
def _resolver() -> Callable[[str], tuple[_Name, _Name]]:
    """Load ua-parser: its rules for browsers and systems; those for devices are the costly ones."""
    from ua_parser import Domain, load_lazy_builtins
    from ua_parser.regex import Resolver

    browsers, systems, _ = load_lazy_builtins()
    resolver = Resolver((browsers, systems, []))
    wanted = Domain.USER_AGENT | Domain.OS

    def resolve(text: str) -> tuple[_Name, _Name]:
        found = resolver(text, wanted)
        browser, system = found.user_agent, found.os
        version = ""
        if system is not None:
            parts = (system.major, system.minor if system.family in _BY_MINOR else None)
            version = ".".join(part for part in parts if part)
        return (
            (browser.family, browser.major or "") if browser else _Nothing,
            (system.family, version) if system else _Nothing,
        )

    return resolve


def _browser(text: str) -> Agent:
    """Ask ua-parser; a human's is what is a browser, and runs on something or says Mozilla."""
    (browser, version), (system, system_version) = _resolver()(text)
    human = browser and (
        system or browser in _TEXT_BROWSERS or text.startswith(("Mozilla/", "Opera/"))
    )
    return Agent(browser, version, system, system_version, "human" if human else "unknown")
