"""Agents as vendors document them, and what nobody documents."""

from __future__ import annotations

import re
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ua_parser import load_lazy_builtins

from hitwatch.stats.user_agents import (
    READ_UP_TO,
    UNKNOWN,
    Agent,
    _find_bot_by_signs,
    bots,
    classify,
    signs,
)

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36"
)
WEBKIT = "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; "
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) "
)
NEXUS = (
    "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 "
    "(KHTML, like Gecko) Chrome/131.0.6778.69 Mobile Safari/537.36 "
)


@pytest.mark.parametrize(
    ("header", "browser", "version", "system", "system_version"),
    [
        (CHROME, "Chrome", "131", "Windows", "10"),
        (f"{CHROME} Edg/131.0.2903.51", "Edge", "131", "Windows", "10"),
        (f"{CHROME} OPR/115.0.0.0", "Opera", "115", "Windows", "10"),
        (f"{MAC}Version/17.5 Safari/605.1.15", "Safari", "17", "Mac OS X", "10.15"),
        (
            f"{IPHONE}Version/17.5 Mobile/15E148 Safari/604.1",
            "Mobile Safari",
            "17",
            "iOS",
            "17",
        ),
        (
            "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
            "Firefox",
            "132",
            "Ubuntu",
            "",
        ),
        (NEXUS, "Chrome Mobile", "131", "Android", "6"),
        (
            "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0)",
            "IE",
            "9",
            "Windows",
            "7",
        ),
        ("Lynx/2.9.0dev.10 libwww-FM/2.14 SSL-MM/1.4.1", "Lynx", "2", "", ""),
    ],
)
def test_browsers(
    header: str, browser: str, version: str, system: str, system_version: str
) -> None:
    """Browsers are humans', with their major version and system."""
    assert classify(header) == Agent(browser, version, system, system_version, "human")


@pytest.mark.parametrize(
    ("header", "kind", "name"),
    [
        # AI
        (f"{WEBKIT}GPTBot/1.2; +https://openai.com/gptbot)", "ai", "GPTBot"),
        (f"{WEBKIT}ChatGPT-User/1.0; +https://openai.com/bot", "ai", "ChatGPT-User"),
        (f"{WEBKIT}ClaudeBot/1.0; +claudebot@anthropic.com)", "ai", "ClaudeBot"),
        (f"{WEBKIT}Claude-User/1.0; +Claude-User@anthropic.com)", "ai", "Claude-User"),
        (
            f"{WEBKIT}PerplexityBot/1.0; +https://perplexity.ai/perplexitybot)",
            "ai",
            "PerplexityBot",
        ),
        ("CCBot/2.0 (https://commoncrawl.org/faq/)", "ai", "CCBot"),
        (f"{NEXUS}(compatible; GoogleOther)", "ai", "GoogleOther"),
        (
            f"{MAC}Version/8.0.2 Safari/600.2.5 (Amazonbot/0.1; "
            "+https://developer.amazon.com/support/amazonbot)",
            "ai",
            "Amazonbot",
        ),
        (
            "meta-externalagent/1.1 "
            "(+https://developers.facebook.com/docs/sharing/webmasters/crawler)",
            "ai",
            "Meta-ExternalAgent",
        ),
        (f"{WEBKIT}bytespider; spider-feedback@bytedance.com)", "ai", "Bytespider"),
        ("DuckAssistBot/1.2; (+http://duckduckgo.com/duckassistbot.html)", "ai", "DuckAssistBot"),
        # search engines
        (
            f"{NEXUS}(compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "search",
            "Googlebot",
        ),
        ("Googlebot-Image/1.0", "search", "Googlebot-Image"),
        (f"{WEBKIT}bingbot/2.0; +http://www.bing.com/bingbot.htm)", "search", "bingbot"),
        ("Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)", "search", "YandexBot"),
        (
            "Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)",
            "search",
            "Yahoo! Slurp",
        ),
        (
            "Sogou web spider/4.0(+http://www.sogou.com/docs/help/webmasters.htm#07)",
            "search",
            "Sogou web spider",
        ),
        (
            "Mozilla/5.0 (compatible; Baiduspider-render/2.0; "
            "+http://www.baidu.com/search/spider.html)",
            "search",
            "Baiduspider-render",
        ),
        (f"{MAC}(Applebot/0.1; +http://www.apple.com/go/applebot)", "search", "Applebot"),
        ("Mozilla/5.0 (compatible; Yeti/1.1; +http://naver.me/spd)", "search", "Yeti"),
        # other robots and link previews
        ("AdsBot-Google (+http://www.google.com/adsbot.html)", "bot", "AdsBot-Google"),
        ("Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", "bot", "AhrefsBot"),
        (
            "Mozilla/5.0 (compatible; archive.org_bot +http://archive.org/details/archive.org_bot)",
            "bot",
            "archive.org_bot",
        ),
        (
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            "bot",
            "facebookexternalhit",
        ),
        (
            f"{MAC}Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
            "bot",
            "iMessage preview",
        ),
        (
            "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
            "bot",
            "Slackbot-LinkExpanding",
        ),
        ("TelegramBot (like TwitterBot)", "bot", "TelegramBot"),
        (
            "LinkedInBot/1.0 (compatible; Mozilla/5.0; Jakarta Commons-HttpClient/4.3 "
            "+http://www.linkedin.com)",
            "bot",
            "LinkedInBot",
        ),
        ("WhatsApp/2.23.20.0", "bot", "WhatsApp"),
        # monitors
        (
            "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
            "monitor",
            "UptimeRobot",
        ),
        ("Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)", "monitor", "Pingdom"),
        ("kube-probe/1.29", "monitor", "kube-probe"),
        ("ELB-HealthChecker/2.0", "monitor", "ELB-HealthChecker"),
        ("GoogleHC/1.0", "monitor", "GoogleHC"),
        ("Blackbox Exporter/0.25.0", "monitor", "Blackbox Exporter"),
        ("Prometheus/2.53.0", "monitor", "Prometheus"),
        (f"{CHROME} DatadogSynthetics", "monitor", "DatadogSynthetics"),
        # tools
        ("curl/8.5.0", "tool", "curl"),
        ("Wget/1.21.4", "tool", "Wget"),
        ("python-requests/2.32.3", "tool", "python-requests"),
        ("Python/3.11 aiohttp/3.9.5", "tool", "aiohttp"),
        ("Go-http-client/1.1", "tool", "Go-http-client"),
        ("okhttp/4.12.0", "tool", "okhttp"),
        ("Java/1.8.0_392", "tool", "Java"),
        ("Java1.4.2_05", "tool", "Java"),
        ("libwww-perl/6.77", "tool", "libwww-perl"),
        ("axios/1.7.2", "tool", "axios"),
        ("PostmanRuntime/7.39.0", "tool", "PostmanRuntime"),
        ("Mozilla/5.00 (Nikto/2.1.6) (Evasions:None) (Test:Port Check)", "tool", "Nikto"),
        ("sqlmap/1.8.4#stable (https://sqlmap.org)", "tool", "sqlmap"),
        ("masscan/1.3 (https://github.com/robertdavidgraham/masscan)", "tool", "masscan"),
        ("Mozilla/5.0 zgrab/0.x", "tool", "zgrab"),
        (
            "Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)",
            "tool",
            "Nmap",
        ),
        (CHROME.replace("Chrome", "HeadlessChrome"), "tool", "HeadlessChrome"),
    ],
)
def test_programs_known_by_name(header: str, kind: str, name: str) -> None:
    """A program that names itself is no browser, whatever it is dressed as."""
    found = classify(header)
    assert (found.kind, found.bot) == (kind, name)
    assert found.browser == found.os == ""


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("NewThingBot/0.3 (+https://thing.example/bot)", "NewThingBot"),
        ("Mozilla/5.0 (compatible; new-crawler; +https://a.example)", "new-crawler"),
        (f"{CHROME} Fresh_Spider/2.0", "Fresh_Spider"),
        ("Linguee Bot (http://www.linguee.com/bot; bot@linguee.com)", "Linguee Bot"),
        ("Mozilla/5.0 (compatible; page2rss/0.7; +http://page2rss.com/)", "page2rss"),
        ("Summify (Summify/1.0.1; +http://summify.com)", "Summify"),
        ("MyBot/1.0 python-requests/2.32.3", "MyBot"),
        ("Mozilla/5.0 (Android 3.0; YRSpider; +http://www.yunrang.com/yrspider.html)", "YRSpider"),
        ("+https://a.example", "(unnamed)"),
    ],
)
def test_robots_nobody_has_listed(header: str, name: str) -> None:
    """They are robots under their own names."""
    assert classify(header) == Agent(kind="bot", bot=name)


@pytest.mark.parametrize(
    "header",
    [
        NEXUS.replace("Nexus 5X", "CUBOT_X18_Plus"),
        NEXUS.replace("Nexus 5X", "CUBOT KING KONG"),
        NEXUS.replace("Nexus 5X Build/MMB29P", "CUBOT"),
        NEXUS.replace("Nexus 5X", "Talkbot 3"),
        NEXUS.replace("Nexus 5X Build/MMB29P", "Red Spider"),
        f"{CHROME} Abbott/1.0",
        f"{IPHONE}Mobile/15E148 [Pinterest/iOS]",
        f"{IPHONE}Mobile/15E148 [FBAN/FBIOS;FBAV/443.0.0.28.110;FBDV/iPhone14,5]",
        "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1; FDM; http://bsalsa.com)",
        f"{IPHONE}GSA/340.3 Mobile/15E148 Safari/604.1",
        f"{CHROME} YaBrowser/24.10.0",
        f"{CHROME} coc_coc_browser/131.0",
    ],
)
def test_browsers_are_not_taken_for_robots(header: str) -> None:
    """Names of telephones, and apps of firms that also have robots."""
    assert classify(header).kind == "human"


@pytest.mark.parametrize("header", [None, "", "-", "  ", "\t"])
def test_no_agent(header: str | None) -> None:
    """Nothing is known from nothing."""
    assert classify(header) is UNKNOWN


@pytest.mark.parametrize("header", ["Mozilla/5.0", "6338", "<?php system('id'); ?>", "\ud800\x00"])
def test_unknown(header: str) -> None:
    """What says nothing is not counted among humans."""
    assert classify(header).kind == "unknown"


def test_every_listed_program_is_found() -> None:
    """Each token is found alone and within a browser's agent, under its own name."""
    for bot in bots():
        token = bot.token.removeprefix("^")
        found = classify(f"{token} 1.0")
        assert (found.kind, found.bot) == (bot.kind, bot.name), token
        within = classify(f"{CHROME} ({token})")
        assert (within.bot == bot.name) is not bot.token.startswith("^"), token


def test_the_list_is_sound() -> None:
    """No token twice; kinds, operators and sources are given."""
    tokens = [bot.token.lower() for bot in bots()]
    assert len(tokens) == len(set(tokens))
    for bot in bots():
        assert bot.kind in ("search", "ai", "bot", "monitor", "tool")
        assert bot.operator
        assert bot.source.startswith(("https://", "http://"))


def test_long_agents_are_cut() -> None:
    """Only the beginning counts, however long the rest is."""
    assert classify(CHROME + " " * READ_UP_TO + "Googlebot").kind == "human"
    assert classify("Googlebot/2.1 " + "x" * 5_000_000).bot == "Googlebot"


@given(st.text(max_size=200) | st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape")))
def test_never_raises(header: str) -> None:
    """Whatever a client sends."""
    found = classify(header)
    assert (found.bot is None) is (found.kind in ("human", "unknown"))


@given(st.text(" bot/.!@+;()-crawlspidewmzhtp:An0", min_size=300, max_size=READ_UP_TO))
def test_time_grows_with_length_alone(header: str) -> None:
    """No agent is slow, also not one made for the expressions."""
    classify("warm")
    start = time.perf_counter()
    found = classify(header)
    assert time.perf_counter() - start < 0.2
    assert len(found.bot or "") <= 100


BROWSERS = (
    CHROME,
    NEXUS,
    f"{MAC}Version/17.5 Safari/605.1.15",
    f"{IPHONE}Version/17.5 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0; .NET CLR 2.0.50727)",
    "Opera/9.80 (Android; Opera Mini/36.2/191.256; U; en) Presto/2.12.423 Version/12.16",
    "Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) SamsungBrowser/2.2 Chrome/63 TV Safari/537.36",
    "Lynx/2.9.0 libwww-FM/2.14 SSL-MM/1.4.1",
)

WORDS = st.sampled_from(
    ["bot", "Bot/", "Crawler", "spider@", "(", ")", "; ", "+http://a", "+ www.b.org", "mailto:x@y"]
    + ["Mozilla/5.0", "Android 9", "compatible", "scanner", "archiver", "fetcher", "/", "robot"]
    + [bot.token for bot in bots()]
)


@given(st.lists(st.one_of(WORDS, st.text(max_size=6))).map(" ".join))
def test_what_has_no_sign_is_no_robot(header: str) -> None:
    """Most headers are told from robots by one search, which lets no robot through."""
    text = header.encode("ascii", "replace").decode("ascii")
    assert signs().finds(text) or _find_bot_by_signs(text) is None


AGENT_WORDS = st.sampled_from(
    sorted({word for agent in BROWSERS for word in re.findall(r"[\w./]+|\W+", agent)})
)


@given(st.sampled_from(BROWSERS) | st.lists(AGENT_WORDS, max_size=12).map("".join))
def test_browsers_are_what_the_rules_say(header: str) -> None:
    """The kernel, which tries few rules, finds what trying one after the other finds."""
    found = classify(header)
    if found is UNKNOWN or found.bot is not None:
        return
    browsers, systems, _ = load_lazy_builtins()
    text = header.strip()
    browser = next(filter(None, (rule(text) for rule in browsers)), None)
    system = next(filter(None, (rule(text) for rule in systems)), None)
    assert found.browser == (browser.family if browser else "")
    assert found.browser_version == ((browser and browser.major) or "")
    assert found.os == (system.family.strip() if system else "")
    assert found.os_version.partition(".")[0] == ((system and system.major) or "").strip()


def test_ua_parser_is_loaded_late() -> None:
    """Neither importing nor naming a robot loads the rules for browsers."""
    code = (
        "import sys; from hitwatch.stats.user_agents import classify; classify('curl/8.5.0');"
        "sys.exit('ua_parser' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
