"""Texts of reports that users write templates for: what they see, and what they may not do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.program.running import line, run

DOCS = Path(__file__).parents[2] / "docs" / "report.md"
SHOWN = """{{ totals.hits | thousands }} hits, {{ totals.bytes | size }}
{% for row in panels.paths %}
{{ row.key }}: {{ row.error_ratio | percent }}
{% endfor %}
{{ time(range.start) }}, {{ report.totals.hits }}, {{ display_tz }}
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Hits, one of them by somebody who knows HTML and terminals."""
    path = tmp_path / "access.log"
    evil = line(1_700_000_002).replace("/a/x", "/<script>\x1b[2J")
    path.write_text(line(1_700_000_000) * 1200 + evil)
    return path


def drawn(log: Path, template: str, *words: str, name: str = "own.j2") -> str:
    """What a template makes of the report."""
    file = log.with_name(name)
    file.write_text(template)
    ran = run("report", str(log), "--template", str(file), *words)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_a_template_has_what_json_has(log: Path) -> None:
    """Under the same names, with the words for numbers and times that reports have."""
    assert drawn(log, SHOWN, "--display-tz", "+01:00").splitlines() == [
        "1,201 hits, 120 kB",
        "/a/x: 0.0 %",
        r"/<script>\x1b[2J: 0.0 %",
        "2023-11-14 23:13:20 +01:00, 1201, +01:00",
    ]


def test_in_pages_what_a_log_holds_is_no_markup(log: Path) -> None:
    """The name of the template says that it is one."""
    text = "{% for row in panels.paths %}<li>{{ row.key }}</li>{% endfor %}"
    for name in ("weekly.html", "weekly.html.j2", "WEEKLY.XML"):
        assert r"<li>/&lt;script&gt;\x1b[2J</li>" in drawn(log, text, name=name)


def test_it_goes_where_text_goes(log: Path) -> None:
    """Into files of any ending that means nothing else; what is there is not replaced unasked."""
    template = log.with_name("own.j2")
    template.write_text("{{ totals.hits }}\n")
    words = ("report", str(log), "--template", str(template))
    for name in ("a.txt", "a.html", "a.mail"):
        out = log.with_name(name)
        assert run(*words, "-o", str(out), "-o", str(log.with_name("a.json"))).returncode == 0
        assert out.read_text() == "1201\n"
        again = run(*words, "-o", str(out))
        assert again.returncode == 2
        assert "--overwrite" in again.stderr
        assert run(*words, "-o", str(out), "--overwrite").returncode == 0
    assert run(*words, "--output-format", "csv").returncode == 2
    over = run(*words, "-o", str(template), "--overwrite")
    assert over.returncode == 2, "a template that is read is not written"
    assert template.read_text() == "{{ totals.hits }}\n"


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("\n{% for %}", "own.j2:2: the template makes no sense: Expected"),
        ("a\n\n{{ totals.hit }}", "own.j2:3: the template cannot be filled in: 'dict object' has"),
        ("{{ nothing }}", "'nothing' is undefined"),
        ("{{ totals.hits / 0 }}", "division by zero"),
        ("{{ ''.__class__.__mro__ }}", "is unsafe"),
        ("{% set _ = panels.update(x=1) %}", "is unsafe"),
        ("{{ range(1) }}", "not callable"),
        ("{% include '/etc/passwd' %}", "no loader for this environment"),
        ("{{ time('soon') }}", "Invalid isoformat string"),
    ],
)
def test_what_cannot_be_is_an_error_that_says_where(log: Path, template: str, told: str) -> None:
    """Nothing is written, and nobody sees a traceback."""
    file, out = log.with_name("own.j2"), log.with_name("out.txt")
    file.write_text(template)
    ran = run("report", str(log), "--template", str(file), "-o", str(out))
    assert ran.returncode == 2
    assert told in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not out.exists()


def test_the_template_of_the_documentation(log: Path) -> None:
    """It is filled in as it stands."""
    (text,) = re.findall(r"```jinja\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    shown = drawn(log, text)
    assert shown.startswith("Subject: 1,201 hits, 0 of them 500\n")
    assert "/a                   1,200 hits, 120 kB" in shown
