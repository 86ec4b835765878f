"""The log format out of the configuration of the server itself: nginx, Apache or Caddy.

Included files are read too. A log format is chosen by its name, or by the log that is written
in it; where a configuration uses only one, neither is needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from glob import glob
from pathlib import Path

from msgspec import Struct, field

from hitwatch.errors import FormatError, suggest, unreadable_input
from hitwatch.formats.apache import NICKNAMES, apache_format
from hitwatch.formats.format import Format
from hitwatch.formats.nginx import nginx_format, parse_log_format
from hitwatch.formats.nginx_config import Token, tokenize
from hitwatch.formats.registry import by_name

_EXCERPT = 90
_KINDS = {
    "nginx": re.compile(
        r"^\s*(?:log_format\s+\S+|(?:access_log|include|listen|server_name|root|worker_processes)"
        r"\s[^\n]*[;'\"]|(?:http|server|events)\s*\{)",
        re.MULTILINE,
    ),
    "apache": re.compile(
        r"^\s*(?:(?:LogFormat|CustomLog|TransferLog|GlobalLog|Include|IncludeOptional|ServerRoot"
        r"|Listen|LoadModule|DocumentRoot|ServerName|ErrorLog)\s+[^;\n]*$|<\w+[^>\n]*>)",
        re.MULTILINE | re.IGNORECASE,
    ),
    "caddy": re.compile(
        r"^\s*(?:log(?:\s+\w+)?\s*\{|(?:reverse_proxy|file_server|respond|encode)\b[^;\n]*$"
        r"|output\s+(?:file|stdout|stderr|net)\b[^;\n]*$|format\s+\w+[^;\n]*$"
        r"|(?:https?://|:\d|[\w.*-]+\.\w+)\S*\s*\{)",
        re.MULTILINE,
    ),
}
_LUA = re.compile(r"\b\w+_by_lua_block\s*\{")


class _LogUse(Struct, frozen=True):
    """A log, and the format it is written in: its name, or itself where it has none."""

    log: str
    form: str


class _LogConfig(Struct):
    """What a configuration says of logs.

    Attributes:
        formats: format strings by name, as the server's compiler takes them.
        uses: the logs.

    """

    formats: dict[str, str] = field(default_factory=dict)
    uses: list[_LogUse] = field(default_factory=list)


def format_from_config(path: str, name: str | None = None) -> Format:
    """Compile the format that a server's configuration defines.

    Args:
        path: the configuration of nginx or Apache, or a Caddyfile or Caddy's JSON.
        name: of a format, or of a log file that the configuration names; ``None`` where it
            uses one format only.

    Raises:
        InputError: a file cannot be read.
        FormatError: the format is unknown, ambiguous or invalid.

    """
    text = _read(Path(path))
    try:
        match _detect_server(path, text):
            case "caddy":
                return _caddy(text)
            case "apache":
                found = _LogConfig()
                _Apache(found, Path(path).parent).read(Path(path), text)
            case _:
                found = _LogConfig({"combined": ""})
                _Nginx(found, Path(path).parent).read(Path(path), text)
                return _choose_nginx(found, name)
        return _choose_apache(found, name)
    except FormatError as error:
        error.where = error.where or path
        raise


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError as error:
        raise unreadable_input(str(path), error) from error


def _detect_server(path: str, text: str) -> str:
    """Whose configuration it is."""
    if Path(path).name.lower().endswith("caddyfile") or text.lstrip().startswith('{"'):
        return "caddy"
    if re.match(r'\s*\{\s*"(?:apps|logging|admin)"', text):
        return "caddy"
    counts = {kind: len(pattern.findall(text)) for kind, pattern in _KINDS.items()}
    kind = max(counts, key=lambda known: counts[known])
    if counts[kind]:
        return kind
    raise FormatError(
        "not a configuration of nginx, Apache or Caddy",
        where=path,
        hint="the format string itself can be given instead: --log-format '...'",
    )


class _ConfigReader:
    """Files that are read once each, however often they are included.

    Args:
        found: where to put what they say.
        base: what relative paths go from.

    """

    def __init__(self, found: _LogConfig, base: Path) -> None:
        self.found = found
        self.base = base
        self.seen: set[Path] = set()

    def read(self, path: Path, text: str | None = None) -> None:
        """Read a file with all it includes."""
        resolved = path.resolve()
        if resolved in self.seen:
            return
        self.seen.add(resolved)
        try:
            self.parse(_read(path) if text is None else text)
        except FormatError as error:
            error.where = error.where or str(path)
            raise

    def include(self, pattern: str) -> None:
        """Read the files a pattern names, those of a directory too."""
        for named in sorted(glob(str(self.base / pattern))):
            path = Path(named)
            inside = sorted(path.rglob("*")) if path.is_dir() else [path]
            for one in inside:
                if one.is_file():
                    self.read(one)

    def parse(self, text: str) -> None:
        """Take the text of a file apart."""
        raise NotImplementedError


class _Nginx(_ConfigReader):
    def parse(self, text: str) -> None:
        for words in _statements(_strip_lua(text)):
            match words:
                case ["include", pattern]:
                    self.include(pattern)
                case ["log_format", name, *rest]:
                    string, escape = parse_log_format(rest)
                    # Written so that the compiler reads it as it stands here.
                    escape_name = {"backslash": "default"}.get(escape, escape)
                    quoted = string.replace("\\", "\\\\").replace("'", "\\'")
                    self.found.formats[name] = f"escape={escape_name} '{quoted}'"
                case ["access_log", log, *rest] if log != "off":
                    named = rest[0] if rest and "=" not in rest[0] else "combined"
                    self.found.uses.append(_LogUse(log, named))


def _statements(text: str) -> Iterator[list[str]]:
    words: list[Token] = []
    for token in tokenize(text):
        if not token.is_mark:
            words.append(token)
            continue
        if words:
            yield [word.text for word in words]
        words = []


def _strip_lua(text: str) -> str:
    """Cut out blocks of Lua, whose quotes and comments are not nginx'."""
    while block := _LUA.search(text):
        depth, at = 1, block.end()
        while depth and at < len(text):
            depth += {"{": 1, "}": -1}.get(text[at], 0)
            at += 1
        text = f"{text[: block.start()]};{text[at:]}"
    return text


class _Apache(_ConfigReader):
    def parse(self, text: str) -> None:
        for line in re.sub(r"\\\r?\n", " ", text).splitlines():
            words = _apache_words(line)
            match [word if place else word.lower() for place, word in enumerate(words)]:
                case ["serverroot", root]:
                    self.base = self.base / root
                case ["include" | "includeoptional", pattern]:
                    self.include(pattern)
                case ["logformat", string]:
                    self.found.formats[""] = self.found.formats.get(string, string)
                case ["logformat", string, name, *_]:
                    self.found.formats[name] = string
                case ["transferlog", log]:
                    self.found.uses.append(_LogUse(log, ""))
                case ["customlog" | "globallog", log, form, *_]:
                    self.found.uses.append(_LogUse(log, form))


def _apache_words(line: str) -> list[str]:
    if line.lstrip().startswith(("#", "<")):
        return []
    words = re.findall(r'"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'|(\S+)', line)
    return [
        re.sub(r'\\(["\\])', r"\1", double) or re.sub(r"\\(['\\])", r"\1", single) or bare
        for double, single, bare in words
    ]


def _choose_nginx(found: _LogConfig, name: str | None) -> Format:
    form = _choose(found, name, "combined")
    # What nginx calls combined is built into it, and into us.
    return nginx_format(found.formats[form]) if found.formats[form] else by_name("nginx-default")


def _choose_apache(found: _LogConfig, name: str | None) -> Format:
    found.formats = {"": NICKNAMES["common"], **found.formats}
    for use in found.uses:
        if use.form not in found.formats and (use.form in NICKNAMES or "%" in use.form):
            found.formats[use.form] = NICKNAMES.get(use.form, use.form)
    return apache_format(found.formats[_choose(found, name, None)])


def _choose(found: _LogConfig, name: str | None, default: str | None) -> str:
    """The name of the one format that is meant.

    Args:
        found: what the configuration says.
        name: what the user said.
        default: what logs are written in that the configuration does not mention.

    """
    if name is not None:
        return _find_named(found, name)
    used = list(dict.fromkeys(use.form for use in found.uses if use.form in found.formats))
    candidates = used or [form for form in found.formats if form and form != default]
    distinct = {found.formats[form]: form for form in reversed(candidates)}
    if len(distinct) == 1:
        return next(iter(distinct.values()))
    _check_defined(found, found.uses if not used else ())
    if not distinct and default is not None:
        return default
    raise FormatError(
        "several log formats are in use" if distinct else "no log format is defined or used",
        hint=f"name one of them, or the log it is written to:\n{_listing(found, candidates)}"
        if distinct
        else "",
    )


def _find_named(found: _LogConfig, name: str) -> str:
    if name in found.formats:
        return name
    for same in (_same_path, _same_name):
        forms = [use.form for use in found.uses if same(use.log, name)]
        distinct = dict.fromkeys(form for form in forms if form in found.formats)
        if len(distinct) == 1:
            return next(iter(distinct))
        if distinct:
            listing = _listing(found, list(distinct))
            raise FormatError(f"several formats are written to {name!r}", hint=listing)
    _check_defined(found, [use for use in found.uses if _same_name(use.log, name)])
    known = [form for form in found.formats if form] + [use.log for use in found.uses]
    raise FormatError(
        f"unknown log format or log {name!r}",
        hint=suggest(name, list(dict.fromkeys(known))),
    )


def _check_defined(found: _LogConfig, uses: Sequence[_LogUse]) -> None:
    """Refuse a log whose format is defined in a file that was not read."""
    for use in uses:
        if use.form not in found.formats:
            raise FormatError(
                f"undefined log format {use.form!r}, used by {use.log}",
                hint="name the server's main configuration, which includes the others",
            )


def _same_path(log: str, name: str) -> bool:
    """Whether it is the log's path; what variables stand for is not known here."""
    fixed = re.sub(r"^.*\$\{\w+\}", "", log)
    return log == name or (bool(fixed) and fixed != log and name.endswith(fixed))


def _same_name(log: str, name: str) -> bool:
    return Path(log).name == Path(name).name


def _listing(found: _LogConfig, forms: Sequence[str]) -> str:
    lines = []
    for form in forms:
        string = found.formats[form] or "nginx' own"
        logs = dict.fromkeys(use.log for use in found.uses if use.form == form)
        shown = string if len(string) <= _EXCERPT else f"{string[:_EXCERPT]}…"
        label = form if form != found.formats[form] else "(no name)"
        lines.append(f"    {label or '(default)'}: {shown}")
        if logs:
            lines.append(f"      {', '.join(logs)}")
    return "\n".join(lines)


def _caddy(text: str) -> Format:
    """Caddy 2 logs JSON unless its configuration says otherwise."""
    if re.search(r"\bcommon_log\b", text):
        return by_name("common")
    if not re.search(r'\blog\b|"logs?(?:ging)?"', text):
        raise FormatError("no access log", hint="Caddy logs requests where a site has log")
    console = re.search(r'\bformat\s+console\b|"format"\s*:\s*"console"', text)
    if console and not re.search(r'\bformat\s+json\b|"format"\s*:\s*"json"', text):
        raise FormatError(
            "Caddy's console format is for people, not programs",
            hint="write format json in the log block",
        )
    return by_name("caddy-json")
