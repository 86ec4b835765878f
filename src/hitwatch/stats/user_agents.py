"""What a User-Agent header says of the program behind it; asks nobody whether it is true.

Programs that name themselves are known from ``bots.toml``, browsers and operating systems from
ua-parser's rules, which the kernel matches. They are loaded when the first browser is seen.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from pkgutil import get_data
from typing import Literal, cast, get_args

import msgspec
from msgspec import Struct

from hitwatch import _kernel
from hitwatch.patterns import Pattern
from hitwatch.stats import dimension

Kind = Literal["human", "unknown", "search", "ai", "tool", "monitor", "bot"]

KINDS = get_args(Kind)
"""All of them, by the number that the kernel has for each: all but the first two are bots."""

NO_BOTS = KINDS[:2]

COMPILED = "bots.json"
"""``bots.toml`` as it is loaded; ``make formats`` writes it."""

READ_UP_TO = 1000
"""Characters of a header that are looked at."""


class Agent(Struct, frozen=True):
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


class Bot(Struct, frozen=True):
    """A program that names itself.

    Attributes:
        token: what stands in the header.
        name: what it is reported as.
        kind: what sort of program it is.
        operator: who runs or makes it.
        source: address where that is documented.
        domains: what the names of its addresses end in, as far as the operator says so.

    """

    token: str
    name: str
    kind: Kind
    operator: str
    source: str
    domains: tuple[str, ...] = ()


UNKNOWN = Agent()
"""What is said of no header, or an empty one."""


def classify(user_agent: str | None) -> Agent:
    """Say what program a User-Agent header names.

    Args:
        user_agent: the header, of any length and content; ``-`` is none.

    """
    text = _ascii(user_agent or "")
    if text in ("", "-"):
        return UNKNOWN
    browser, version, system, system_version, kind, bot = AGENTS.recognize(text)
    return Agent(browser, version, system, system_version, cast("Kind", kind), bot)


@cache
def bots() -> tuple[Bot, ...]:
    """All programs that are known by name."""
    data = get_data("hitwatch.stats", COMPILED)
    return msgspec.json.decode(data or b"", type=tuple[Bot, ...])


@cache
def domains_of_bots() -> dict[str, frozenset[str]]:
    """What the names of addresses end in of bots whose operators say so, by name of the bot."""
    found: dict[str, set[str]] = {}
    for bot in bots():
        if bot.domains:
            found.setdefault(bot.name, set()).update(bot.domains)
    return {name: frozenset(domains) for name, domains in found.items()}


def compile_bots(text: str) -> bytes:
    """Compile ``bots.toml`` to the file that ``bots`` reads; one to a line.

    Args:
        text: its TOML.

    """
    # TOML is read only when bots are compiled.
    import tomllib

    read = tomllib.loads(text)
    known = [
        Bot(
            token=token,
            name=group.get("names", {}).get(token, token),
            kind=group["kind"],
            operator=group["operator"],
            source=group["source"],
            domains=tuple(read["domains"].get(group["operator"], ())),
        )
        for group in read["bots"]
        for token in group["tokens"]
    ]
    return b"[\n" + b",\n".join(msgspec.json.encode(bot) for bot in known) + b"\n]\n"


def prepare() -> None:
    """Load what tells browsers apart, which takes a while, before it is asked for."""
    AGENTS.prepare()


def is_bot(user_agent: str) -> bool:
    """Whether a User-Agent header is that of a program that is no human's browser.

    The same as asking for the kind, without asking which browser it is.
    """
    text = _ascii(user_agent)
    return text not in ("", "-") and _find_bot(text) is not None


def _ascii(user_agent: str) -> str:
    # Names of programs are ASCII; what is not would only shift positions when lowered.
    return user_agent[:READ_UP_TO].strip().encode("ascii", "replace").decode("ascii")


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

_WORD = Pattern(r"[a-z0-9]+")


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
_ROBOT = Pattern(
    r"""(?<![\w./@:%!-])(?!www\.)
    ((?:[a-z0-9][\w.!-]{0,40}[ ])?(?:web|ro)?(?:bot|crawler|spider|scraper|fetcher)s?
    |[a-z0-9][\w.!-]{0,60}?(?:bot|crawler|spider|scraper|fetcher|crawl|archiver|scanner)s?
    )(?![a-z0-9@]|[.][a-z])""",
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)
_SIGN = Pattern(
    r"""\+\s?(?:https?:|www\.|mailto:)
    |(?:bot|crawler|spider)s?(?:@|\.html?|\.php|/|[ ]at[ ])""",
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)
_BRANDED = ("MSIE", "Android")
"""Browsers that people and firms have put the address of their home page into."""
_ADDRESS = Pattern(r"\+?\s?(?:https?:|www\.|mailto:)|(?<![\w.])[\w.]+@", re.IGNORECASE | re.ASCII)
_PRODUCT = Pattern(r"(?<![\w.])[a-z][\w.!-]{0,60}", re.IGNORECASE | re.ASCII)
_OF_BROWSERS = """
    mozilla compatible windows nt macintosh intel mac os x x11 linux x86_64 i686 u like en us
    en-us applewebkit khtml gecko chrome safari version mobile firefox msie trident rv android
    iphone cpu win64 x64 wow64 ubuntu build from by see info at and for the of a v
"""
_NO_PRODUCT = frozenset(_OF_BROWSERS.split())
_BARE = frozenset(("bot", "robot", "crawler", "spider", "scraper", "fetcher", "webcrawler"))
_DEVICE = Pattern(r"android[ /;].*\)", re.IGNORECASE | re.DOTALL)


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


def _rules() -> dict[str, object]:
    """ua-parser's rules for browsers and systems; of several that match the first counts."""
    from ua_parser_builtins.lazy import MATCHERS

    browsers, systems, _ = MATCHERS
    return {
        # A version is the second group, where a rule does not say which it is.
        "browsers": [
            (rule.regex, rule.family.replace("$1", "${1}"), rule.major or "$2") for rule in browsers
        ],
        "systems": [(rule.regex, rule.family, rule.major, rule.minor) for rule in systems],
        "by_minor": _BY_MINOR,
        "text_browsers": _TEXT_BROWSERS,
        "beginnings": ["Mozilla/", "Opera/"],
    }


def _bot(text: str) -> tuple[Kind, str] | None:
    """Kind and name of a text that has a sign of a bot; ``None``: it is none for all that."""
    found = _find_bot_by_signs(text)
    return (found.kind, found.bot) if found and found.bot else None


AGENTS = _kernel.Agents(signs, _bot, _rules, READ_UP_TO)
"""Tells browsers and systems without Python, and remembers what it has told."""


class AgentPart(dimension.KernelLabel, frozen=True, tag="agent_part"):
    """A part of what a User-Agent header says.

    Attributes:
        part: which.

    """

    part: Literal["browser", "system", "kind", "bot"]

    def make(self) -> Callable[[str], str | None]:
        """A label of the kernel's that does the same."""
        return _kernel.Label.agent(AGENTS, self.part, dimension.UNKNOWN)

    @property
    def stated(self) -> object:
        """Which part, and by which rules: with other bots or browsers keys are others."""
        # Few processes write tallies.
        from importlib.metadata import version

        known_bots = zlib.crc32(msgspec.json.encode(bots()))
        return {"agent_part": self.part, "bots": known_bots, "rules": version("ua-parser-builtins")}
