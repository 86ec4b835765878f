"""What a simulated site is like: its pages, its visitors, and what requests look like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from hitwatch.simulate.scenario import Mix, Scenario, Uniform
from hitwatch.stats.user_agents import classify

if TYPE_CHECKING:
    import numpy as np

_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5"
AGENTS: tuple[tuple[str, float], ...] = (
    (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/139.0.0.0 Safari/537.36", 34),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X)"
        f" {_SAFARI} Mobile/15E148 Safari/604.1",
        22,
    ),
    (f"Mozilla/5.0 (Linux; Android 10; K) {_WEBKIT} Chrome/139.0.0.0 Mobile Safari/537.36", 17),
    (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_SAFARI} Safari/605.1.15", 9),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0", 5),
    ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", 5),
    (f"Mozilla/5.0 {_WEBKIT}; compatible; GPTBot/1.2; +https://openai.com/gptbot", 3),
    ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", 2),
    ("curl/8.14.1", 1.5),
    ("python-requests/2.32.5", 1),
    ("Prometheus/3.5.0", 0.5),
)
REFERRERS: tuple[tuple[str | None, float], ...] = (
    (None, 45),
    ("https://www.example.com/", 25),
    ("https://www.example.com/shop", 10),
    ("https://www.google.com/", 12),
    ("https://duckduckgo.com/", 4),
    ("https://news.example.org/front?page=2", 4),
)
STATUSES: tuple[tuple[int, float], ...] = (
    (200, 86),
    (304, 5),
    (404, 4),
    (301, 2),
    (206, 1.5),
    (403, 0.5),
    (500, 0.4),
    (400, 0.3),
    (499, 0.2),
    (503, 0.1),
)
METHODS: tuple[tuple[str, float], ...] = (("GET", 90), ("POST", 8), ("HEAD", 1.5), ("PUT", 0.5))
PROTOCOLS: tuple[tuple[str, float], ...] = (("HTTP/2.0", 70), ("HTTP/1.1", 28), ("HTTP/1.0", 2))

TABLES: dict[str, tuple[tuple[str | None, float], ...]] = {
    "method": METHODS,
    "protocol": PROTOCOLS,
    "referrer": REFERRERS,
    "user_agent": AGENTS,
}
"""Of which columns there are values, each as likely as its weight says; in the order of drawing."""

# Section, weight, pages, median bytes, spread of bytes, median seconds, ending of its paths.
_SECTIONS: tuple[tuple[str, float, int, float, float, float, str], ...] = (
    ("/", 8, 1, 18_000, 0.2, 0.030, ""),
    ("/shop", 22, 600, 24_000, 0.5, 0.045, ""),
    ("/api", 24, 120, 1_800, 1.0, 0.025, ""),
    ("/static", 26, 300, 9_000, 1.2, 0.002, ".css"),
    ("/images", 12, 900, 60_000, 0.9, 0.003, ".webp"),
    ("/blog", 5, 150, 30_000, 0.4, 0.040, ""),
    ("/account", 2, 30, 6_000, 0.4, 0.060, ""),
    ("/downloads", 2, 12, 300_000, 0.4, 0.400, ".tar.gz"),
)


class Site(Struct, frozen=True):
    """A simulated site.

    Attributes:
        targets: request-targets of its pages.
        sections: index of each page's section in ``section_names``.
        section_names: the sections.
        weights: how likely each page is; they add up to 1.
        sizes: median bytes of each page.
        spreads: sigma of the logarithm of those bytes.
        times: median seconds of each page.
        clients: addresses, the busiest first.
        client_weights: how likely each is.
    """

    targets: list[str]
    sections: np.ndarray
    section_names: list[str]
    weights: np.ndarray
    sizes: np.ndarray
    spreads: np.ndarray
    times: np.ndarray
    clients: list[str]
    client_weights: np.ndarray


def section_names(scenario: Scenario) -> list[str]:
    """The sections of the site of a scenario's profile."""
    if scenario.profile == "uniform":
        return [f"/section{number}" for number in range(scenario.uniform.sections)]
    return [name for name, *_ in _SECTIONS]


def choices(
    rng: np.random.Generator, table: tuple[tuple[object, float], ...], count: int
) -> np.ndarray:
    """Indexes into a table of things and weights."""
    import numpy as np

    weights = np.array([weight for _, weight in table])
    return pick(rng, weights / weights.sum(), count)


def pick(rng: np.random.Generator, weights: np.ndarray, count: int) -> np.ndarray:
    """Indexes drawn with weights that add up to 1."""
    import numpy as np

    edges = np.cumsum(weights)
    return np.minimum(np.searchsorted(edges, rng.random(count)), len(weights) - 1)


def mixed(
    mix: Mix,
    site: Site,
    rng: np.random.Generator,
    lines: np.ndarray,
    page: np.ndarray,
    status: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Pages and statuses, of which some lines have those of a mix.

    Args:
        mix: which requests there are.
        site: whose pages.
        rng: draws.
        lines: indexes of the lines that it is for.
        page: of all lines.
        status: of all lines.

    """
    import numpy as np

    if mix.sections:
        weights = np.zeros(len(site.weights))
        for name, weight in mix.sections.items():
            of = site.sections == site.section_names.index(name)
            weights[of] = site.weights[of] / site.weights[of].sum() * weight
        page = page.copy()
        page[lines] = pick(rng, weights / weights.sum(), len(lines))
    if mix.statuses:
        table = tuple((int(code), weight) for code, weight in mix.statuses.items())
        status = status.copy()
        status[lines] = np.array([code for code, _ in table])[choices(rng, table, len(lines))]
    return page, status


def mix_names(
    mix: Mix,
    rng: np.random.Generator,
    lines: np.ndarray,
    drawn: dict[str, np.ndarray],
    methods: list[tuple[str, float]],
) -> None:
    """Draw methods and user agents of some lines anew.

    Args:
        mix: which requests there are.
        rng: draws.
        lines: indexes of the lines that it is for.
        drawn: by column, places in its table; changed.
        methods: those that there are; methods of the mix are added.

    """
    import numpy as np

    if mix.methods:
        for name in mix.methods:
            if name not in dict(methods):
                methods.append((name, 0))
        known = [name for name, _ in methods]
        places = np.array([known.index(name) for name in mix.methods])
        table = tuple(mix.methods.items())
        drawn["method"][lines] = places[choices(rng, table, len(lines))]
    if mix.agents:
        kinds = np.array([classify(agent).kind for agent, _ in AGENTS])
        weights = np.array([weight for _, weight in AGENTS])
        for kind in set(kinds):
            of = kinds == kind
            weights[of] *= dict(mix.agents).get(kind, 0) / weights[of].sum()
        drawn["user_agent"][lines] = pick(rng, weights / weights.sum(), len(lines))


def make_site(scenario: Scenario, rng: np.random.Generator) -> Site:
    """Make the site of a scenario's profile."""
    if scenario.profile == "uniform":
        return _uniform(scenario.uniform, section_names(scenario), rng)
    return _realistic(section_names(scenario), rng)


def zipf(count: int, exponent: float) -> np.ndarray:
    """Weights by rank: the n-th is as likely as n to the power of minus the exponent."""
    import numpy as np

    weights = np.arange(1, count + 1, dtype=float) ** -exponent
    result: np.ndarray = weights / weights.sum()
    return result


def _clients(rng: np.random.Generator, count: int) -> list[str]:
    """Addresses of the ranges for documentation and benchmarks, and some of IPv6."""
    drawn = rng.integers(0, 1 << 17, count)
    return [
        f"2001:db8:{value >> 4:x}::{value & 15:x}"
        if value % 8 == 0
        else f"198.{18 + (value >> 16)}.{value >> 8 & 255}.{value & 255}"
        for value in map(int, drawn)
    ]


def _realistic(names: list[str], rng: np.random.Generator) -> Site:
    import numpy as np

    targets: list[str] = []
    parts = []
    for index, (name, weight, pages, size, spread, seconds, ending) in enumerate(_SECTIONS):
        root = "" if name == "/" else name
        words = rng.integers(0, 1 << 24, pages)
        targets += [f"{root}/{word:06x}{ending}" if root else "/" for word in map(int, words)]
        share = zipf(pages, 1.1) * weight
        facts = (np.full(pages, fact) for fact in (size, spread, seconds))
        parts.append((np.full(pages, index), share, *facts))
    sections, weights, sizes, spreads, times = (
        np.concatenate([part[column] for part in parts]) for column in range(5)
    )
    # Some pages are asked for with a query.
    targets = [
        f"{target}?page={index % 7 + 1}" if index % 11 == 3 and "." not in target else target
        for index, target in enumerate(targets)
    ]
    return Site(
        targets=targets,
        sections=sections,
        section_names=names,
        weights=weights / weights.sum(),
        sizes=sizes,
        spreads=spreads,
        times=times,
        clients=_clients(rng, 5000),
        client_weights=zipf(5000, 0.9),
    )


def _uniform(shape: Uniform, names: list[str], rng: np.random.Generator) -> Site:
    import numpy as np

    pages = [""]
    for _ in range(shape.depth - 1):
        pages = [f"{page}/page{child}" for page in pages for child in range(shape.factor)]
        if len(pages) * shape.sections > 1_000_000:
            break
    targets = [name + page for name in names for page in pages]
    count = len(targets)
    return Site(
        targets=targets,
        sections=np.repeat(np.arange(len(names)), len(pages)),
        section_names=names,
        weights=np.full(count, 1 / count),
        sizes=np.full(count, 10_000.0),
        spreads=np.full(count, 0.3),
        times=np.full(count, 0.02),
        clients=_clients(rng, 1000),
        client_weights=np.full(1000, 1 / 1000),
    )
