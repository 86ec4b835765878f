"""Options: declared once, and the same as flags, settings, arguments in Python and in the docs."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_type_hints

import click
import pytest
from tests.program.running import line

import hitwatch
from hitwatch.alerting.rule import SurgeRule
from hitwatch.cli import commands
from hitwatch.cli.flags import flags, groups_of, help_of
from hitwatch.config import from_keywords, keyword_fields, resolve, setting_fields
from hitwatch.errors import HitwatchError, SettingsError, UsageError
from hitwatch.instants import HOUR, MINUTE, SECOND
from hitwatch.options.fields import Field, Group, fields_of
from hitwatch.options.groups import DemoOptions, DisplayOptions, Options, ReportOptions
from hitwatch.options.shared import LogOptions, PrivacyOptions, ReadOptions, RuleOptions
from hitwatch.run.keywords import REPORT, SCAN, ReportKeywords, ScanKeywords
from hitwatch.run.wiring import rule_of

ROOT = Path(__file__).parents[2]
GROUPS = [type(getattr(Options(), name)) for name in Options.__struct_fields__]


def fields_of_all(groups: Sequence[type[Group]]) -> Iterator[Field]:
    """The options of groups."""
    for group in groups:
        yield from fields_of(group)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, of a user without settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "user"))
    return tmp_path


@pytest.mark.parametrize("name", sorted(commands.commands))
def test_help_lists_the_options_of_the_groups_of_a_command(name: str) -> None:
    """Each flag, what it means and its default; no other, none twice, and arguments beside."""
    command = commands.commands[name]
    shown = click.Context(command, info_name=name).get_help()
    fields = [field for field in fields_of_all(groups_of(command)) if field.flags]
    listed = shown[shown.index("\nOptions:") :]
    told = re.findall(r"^  (?:-\w, )?(--[a-z-]+(?: / --[a-z-]+)?)", listed, re.M)
    assert told == [*(f.flags[-1].replace("/", " / ") for f in fields), "--help"]
    assert len(set(told)) == len(told)
    plain = " ".join(shown.split())
    for field in fields:
        assert help_of(field) in plain, field.name


@pytest.mark.parametrize("name", sorted(commands.commands))
def test_the_list_of_commands_says_what_their_help_says(name: str) -> None:
    """Commands are not imported for ``--help``; the sentences that stand there are theirs."""
    listed = " ".join(click.Context(commands).command.get_help(click.Context(commands)).split())
    assert f" {name} {commands.commands[name].get_short_help_str(200)}" in listed


def test_every_option_is_explained_by_a_sentence() -> None:
    """So that help, reference and docs can show it."""
    for field in fields_of_all(GROUPS):
        assert field.about.help.endswith("."), field.name
        assert field.about.help[0].isupper(), field.name
        assert field.flags or field.about.secret or field.name in ("tops", "sorts"), field.name


@pytest.mark.parametrize(
    ("function", "keywords", "groups"),
    [(hitwatch.scan, ScanKeywords, SCAN), (hitwatch.report, ReportKeywords, REPORT)],
    ids=["scan", "report"],
)
def test_arguments_in_python_are_the_options(
    function: Any, keywords: Any, groups: tuple[type[Group], ...]
) -> None:
    """Names, types and defaults for type checkers, editors and ``help``: those of the groups."""
    fields = keyword_fields(groups)
    types = {name: field.keyword_type for name, field in fields.items()}
    assert get_type_hints(keywords) == types
    shown = inspect.signature(function).parameters
    assert {name for name, p in shown.items() if p.kind is p.KEYWORD_ONLY} - {"on_reject"} == set(
        types
    )
    assert all(shown[name].default == field.keyword_default for name, field in fields.items())
    assert all(p.kind is not p.VAR_KEYWORD for p in shown.values())


def test_a_wrong_argument_is_a_type_error_that_names_it(tmp_path: Path) -> None:
    """Also one that only the command line has; what was meant is said."""
    (tmp_path / "access.log").write_text(line(0))
    calls: dict[str, Any] = {"report": hitwatch.report, "scan": hitwatch.scan}
    for name, function in calls.items():
        with pytest.raises(
            TypeError, match=rf"^{name}\(\) got an .* 'wher' \(did you mean 'where'"
        ):
            function(tmp_path / "access.log", wher="status = 1")
        for other in ("config", "quiet", "output", "anonymize_key_file"):
            with pytest.raises(TypeError, match=f"unexpected keyword argument '{other}'"):
                function(tmp_path / "access.log", **{other: "x"})


def test_python_takes_the_default_for_none() -> None:
    """As ever, ``None`` says nothing."""
    none = dict.fromkeys(keyword_fields(REPORT))
    assert from_keywords("report", none, REPORT) == Options()


def test_the_defaults_are_those_of_the_rule() -> None:
    """The rule that nobody tuned is the one of the specification."""
    assert rule_of(RuleOptions()) == SurgeRule()


def test_the_first_that_says_something_wins(folder: Path) -> None:
    """Each option by itself: flag, environment, project's file, user's file, default."""
    (folder / "user" / "hitwatch").mkdir(parents=True)
    (folder / "user" / "hitwatch" / "config.toml").write_text(
        'short = "1s"\nlong = "1h"\nresolution = "1s"\nmetric = "hits"\n'
    )
    (folder / "hitwatch.toml").write_text('short = "2s"\nlong = "2h"\nresolution = "2s"\n')
    environment = {
        "HITWATCH_SHORT": "3s",
        "HITWATCH_LONG": "3h",
        "XDG_CONFIG_HOME": str(folder / "user"),
    }
    rule = resolve({"short": "4s"}, [RuleOptions], environment).rule
    assert (rule.short, rule.long, rule.resolution) == (4 * SECOND, 3 * HOUR, 2 * SECOND)
    assert (rule.metric, rule.threshold) == ("hits", RuleOptions().threshold)
    (folder / "named.toml").write_text('long = "5h"\n')
    named = resolve({"config": "named.toml"}, [RuleOptions], {}).rule
    assert (named.short, named.long, named.metric) == (2 * MINUTE, 5 * HOUR, "bytes")


def test_settings_say_what_flags_say(folder: Path) -> None:
    """Lists, switches and choices, in a file and in the environment; a flag takes them back."""
    (folder / "hitwatch.toml").write_text(
        'trusted-proxy = ["10.0.0.0/8", "192.0.2.1"]\nredact = true\nanonymize = "truncate"\n'
    )
    privacy = resolve({}, [PrivacyOptions], {}).privacy
    assert privacy.trusted_proxy == ("10.0.0.0/8", "192.0.2.1")
    assert (privacy.redact, privacy.anonymize) == (True, "truncate")
    environment = {"HITWATCH_REDACT": "False", "HITWATCH_TRUSTED_PROXY": "::1"}
    privacy = resolve({"anonymize": "hash"}, [PrivacyOptions], environment).privacy
    assert (privacy.trusted_proxy, privacy.redact) == (("::1",), False)
    assert privacy.anonymize == "hash"
    assert resolve({"redact": False}, [PrivacyOptions], {}).privacy.redact is False


def test_a_secret_is_said_in_the_environment_and_shown_nowhere(folder: Path) -> None:
    """Neither a flag nor a file has it, blanks around it do not count, and no text shows it."""
    environment = {"HITWATCH_ANONYMIZE_KEY": " 2b7e1516\n"}
    options = resolve({}, [PrivacyOptions], environment)
    assert options.privacy.anonymize_key == b"2b7e1516"
    assert "2b7e1516" not in repr(options)
    (folder / "hitwatch.toml").write_text('anonymize-key = "2b7e1516"\n')
    with pytest.raises(SettingsError, match="unknown setting 'anonymize-key'"):
        resolve({}, [PrivacyOptions], {})


def test_a_demo_is_not_tuned_by_settings_for_other_logs(folder: Path) -> None:
    """It obeys what is said of how it is shown, and a flag; its rule and periods are its own."""
    (folder / "hitwatch.toml").write_text(
        'every = "1h"\nshort = "1h"\ntop = 3\nlog-format = "iis"\nlog-level = "debug"\n'
    )
    options = resolve({}, [DemoOptions, LogOptions], {"HITWATCH_EVERY": "2h"})
    assert (options.demo.every, options.demo.top, options.log.log_level) == (5 * SECOND, 3, "debug")
    assert (options.rule, options.read) == (RuleOptions(), ReadOptions())
    assert resolve({"every": "1s"}, [DemoOptions], {}).demo.every == SECOND


WRONG: dict[str, tuple[str, str]] = {
    "short": ("soon", "invalid duration 'soon'"),
    "top": ("many", "must be a positive integer, not 'many'"),
    "threshold": ("much", "'much' is not a number"),
    "metric": ("size", "invalid metric 'size'"),
    "duration-unit": ("m", "invalid duration-unit 'm'"),
    "log-level": ("loud", "invalid log-level 'loud'"),
    "redact": ("maybe", "must be true or false, not 'maybe'"),
}


@pytest.mark.parametrize("key", WRONG)
def test_an_error_names_where_the_value_stands(key: str, folder: Path) -> None:
    """The flag, the variable, or the file and the key; a command that does not need it, too."""
    value, said = WRONG[key]
    field = setting_fields()[key]
    groups: list[type[Group]] = [RuleOptions, DisplayOptions, ReadOptions, LogOptions]
    if key != "redact":
        with pytest.raises(HitwatchError) as error:
            resolve({field.name: value}, groups, {})
        assert str(error.value).startswith(f"--{key}")
        assert said in str(error.value)
    for wanted in (groups, []):
        with pytest.raises(SettingsError) as error:
            resolve({}, wanted, {field.variable: value})
        assert str(error.value).startswith(f"environment: {key} ({field.variable})")
        (folder / "hitwatch.toml").write_text(f'{key} = "{value}"\n')
        with pytest.raises(SettingsError) as error:
            resolve({}, wanted, {})
        assert str(error.value).startswith(f"hitwatch.toml: {key}")
        assert said in str(error.value)
        (folder / "hitwatch.toml").unlink()


def test_values_of_a_wrong_type(folder: Path) -> None:
    """A number where text is due, text where a list is: nothing is guessed."""
    for text, said in (
        ("short = 5", "hitwatch.toml: short must be text, not 5"),
        ("top = true", "hitwatch.toml: top must be a positive integer, not True"),
        ("top = 1.5", "hitwatch.toml: top must be a positive integer, not 1.5"),
        ("top = 2000000000", "hitwatch.toml: top must be at most 1,000,000,000"),
        ("redact = 2", "hitwatch.toml: redact must be true or false, not 2"),
        ("geoip = 5", "hitwatch.toml: geoip must be text, or several, not 5"),
        ("geoip = [5]", "hitwatch.toml: geoip must be text, not 5"),
        ("every = 'x", "hitwatch.toml: invalid TOML"),
    ):
        (folder / "hitwatch.toml").write_text(text)
        with pytest.raises(SettingsError) as error:
            resolve({}, [DisplayOptions], {})
        assert str(error.value).startswith(said)


def test_an_unknown_setting_is_refused_with_the_one_that_was_meant(folder: Path) -> None:
    """And with all that there are."""
    (folder / "hitwatch.toml").write_text('log_format = "combined"\n')
    with pytest.raises(SettingsError, match=r"unknown setting 'log_format' \(did you mean 'log-f"):
        resolve({}, [ReadOptions], {})
    (folder / "hitwatch.toml").write_text("zzz = 1\n")
    with pytest.raises(SettingsError) as error:
        resolve({}, [ReadOptions], {})
    assert "did you mean" not in str(error.value)
    assert all(key in str(error.value) for key in setting_fields())


def test_one_flag_for_all_panels_and_for_one(folder: Path) -> None:
    """``--top 3 --top paths=5`` is two options; a panel without a value is refused."""

    @click.command()
    @flags(ReportOptions)
    def command(options: Options) -> ReportOptions:
        return options.report

    def made(*words: str) -> ReportOptions:
        found: ReportOptions = command.main([*words], standalone_mode=False)
        return found

    report = made("--top", "3", "--top", "paths=5", "--sort", "days=bytes")
    assert (report.top, report.tops) == (3, {"paths": 5})
    assert (report.sort, report.sorts) == ("hits", {"days": "bytes"})
    with pytest.raises(UsageError, match="--top: 'paths=' gives no value"):
        made("--top", "paths=")
    with pytest.raises(SettingsError, match=r"^--top must be a positive integer, not 'x'"):
        made("--top", "paths=x")


def test_the_pages_have_the_options_that_there_are() -> None:
    """The tables of docs/commands.md, docs/settings.md and docs/python.md are those of today."""
    script = ROOT / "bench" / "options_pages.py"
    ended = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    page = (ROOT / "docs" / "commands.md").read_text("utf-8")
    for name in Options.__struct_fields__:
        assert f"<!-- options: {name};" in page, name
    settings = (ROOT / "docs" / "settings.md").read_text("utf-8")
    assert all(f"\n| `{key}` | `{f.variable}` |" in settings for key, f in setting_fields().items())
