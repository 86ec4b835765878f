"""parse, detect and formats from outside."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import threading
from pathlib import Path

import polars as pl
import pytest
from tests.program.running import COMMAND, environment, objects, run

LINES = [
    f'192.0.2.{n % 250} - - [10/Oct/2026:13:55:{n % 60:02} +0200] "GET /p{n}?q={n} HTTP/1.1" '
    f'200 {n + 1} "-" "curl/8.5.0 (\\"x\\", =1+1)"'
    for n in range(200)
]
NAMES = [
    *("time", "client", "user", "method", "target", "path", "query", "section", "protocol"),
    *("status", "bytes", "referrer", "user_agent", "host", "duration_s"),
    *("upstream_duration_s", "request_raw", "origin"),
]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log with a line that is none."""
    path = tmp_path / "access.log"
    path.write_text("\n".join([*LINES[:100], "nonsense", *LINES[100:]]) + "\n")
    return path


def test_parse_to_json_lines(log: Path) -> None:
    """One object a hit, with every column, nulls included, and the balance said."""
    ended = run("parse", str(log))
    rows = [json.loads(line) for line in ended.stdout.splitlines()]
    assert ended.returncode == 0
    assert len(rows) == 200
    assert list(rows[0]) == NAMES
    assert rows[7] == {
        **dict.fromkeys(NAMES),
        "time": "2026-10-10T11:55:07Z",
        "client": "192.0.2.7",
        "method": "GET",
        "target": "/p7?q=7",
        "path": "/p7",
        "query": "q=7",
        "section": "/p7",
        "protocol": "HTTP/1.1",
        "status": 200,
        "bytes": 8,
        "user_agent": 'curl/8.5.0 ("x", =1+1)',
        "origin": str(log),
    }
    assert "201 lines = 200 hits + 1 reject" in ended.stderr


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet", "arrow"])
def test_outputs_hold_the_same(log: Path, tmp_path: Path, ending: str) -> None:
    """Whatever is written, the same rows come back."""
    output = tmp_path / f"rows.{ending}"
    assert run("parse", str(log), "-o", str(output), "--line-numbers").returncode == 0
    read = {
        "jsonl": pl.read_ndjson,
        "csv": pl.read_csv,
        "parquet": pl.read_parquet,
        "arrow": pl.read_ipc,
    }[ending]
    found = read(output)  # type: ignore[operator]
    assert found.columns == [*NAMES, "line_number"]
    assert found["bytes"].to_list() == list(range(1, 201))
    assert found["line_number"][100] == 102
    assert found["user_agent"].unique().to_list() == ['curl/8.5.0 ("x", =1+1)']
    assert found["time"].cast(pl.String).str.starts_with("2026-10-10").all()


@pytest.mark.parametrize("columns", ["origin", "host", "host,origin"])
def test_a_row_a_hit_whatever_is_asked_for(log: Path, columns: str) -> None:
    """A hit is a row even where no column of it was logged."""
    lines = run("parse", str(log), "--columns", columns).stdout.splitlines()
    assert len(lines) == 200
    values = {"origin": str(log), "host": None}
    assert json.loads(lines[0]) == {name: values[name] for name in columns.split(",")}


def test_conditions_on_rows(log: Path) -> None:
    """Only hits that meet all conditions are rows; the others are counted as excluded."""
    words = ["--where", "bytes > 100", "--since", "2026-10-10T13:55:30", "--exclude-path", "/p19*"]
    ended = run("parse", str(log), "--columns", "path", *words)
    found = [int(json.loads(line)["path"].removeprefix("/p")) for line in ended.stdout.splitlines()]
    assert found == [n for n in range(100, 190) if n % 60 >= 30]
    assert f"= {len(found)} hits + 1 reject + {200 - len(found)} excluded" in ended.stderr
    zoned = run("parse", str(log), "--display-tz", "UTC", "--since", "2026-10-10T11:55:59")
    assert len(zoned.stdout.splitlines()) == 3
    wrong = run("parse", str(log), "--where", "statis = 1")
    assert wrong.returncode == 2
    assert "did you mean status?" in wrong.stderr


def test_rejects_are_kept(log: Path, tmp_path: Path) -> None:
    """Rejected lines go to a file with place and reason; too many make the exit code 1."""
    rejects = tmp_path / "rejects.jsonl"
    ended = run("parse", str(log), "--rejects", str(rejects), "--max-rejects", "0", "--quiet")
    assert ended.returncode == 1
    (reject,) = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert (reject["line_number"], reject["line"]) == (101, "nonsense")
    assert reject["reason"]
    assert run("parse", str(log), "--max-rejects", "1").returncode == 0


def test_columns_are_chosen(log: Path) -> None:
    """Only what was asked for is given, in that order."""
    ended = run("parse", str(log), "--columns", "status,path,line_number", "--quiet")
    assert ended.stdout.splitlines()[0] == '{"status":200,"path":"/p0","line_number":1}'
    wrong = run("parse", str(log), "--columns", "pth")
    assert wrong.returncode == 2
    assert "no column 'pth'" in wrong.stderr


def test_parse_streams(log: Path) -> None:
    """Rows come out while lines still come in."""
    with subprocess.Popen(
        [*COMMAND, "parse", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(),
    ) as parse:
        assert parse.stdin
        assert parse.stdout
        parse.stdin.write(log.read_bytes())
        parse.stdin.flush()
        assert json.loads(parse.stdout.readline())["path"] == "/p0"
        parse.stdin.close()
        assert len(parse.stdout.readlines()) == 199


def test_inputs_that_cannot_be_read(log: Path, tmp_path: Path) -> None:
    """One bad file among several is said, and the others are read; exit 3."""
    bad, packed = tmp_path / "bad.log", tmp_path / "packed.log.gz"
    bad.write_text("what is this\n" * 10)
    packed.write_bytes(gzip.compress(log.read_bytes()))
    ended = run("parse", str(bad), str(log), str(packed))
    assert ended.returncode == 3
    assert len(ended.stdout.splitlines()) == 400
    assert "in no known log format" in ended.stderr


def test_detect_explains(log: Path) -> None:
    """Format, share, meaning of each field with an example, and what does not fit."""
    ended = run("detect", str(log))
    assert ended.returncode == 0
    assert "apache-combined" in ended.stdout
    assert "200 of the first 201 lines fit (99.5%)" in ended.stdout
    assert "2026-10-10 11:55:00" in ended.stdout
    assert "line 101, column" in ended.stdout
    caret = ended.stdout[ended.stdout.index("nonsense\n") :].splitlines()[1]
    assert caret.strip() == "^"
    told = json.loads(run("detect", "--output-format", "jsonl", str(log)).stdout)
    assert (told["log_format"], told["lines"], told["fitting"]) == ("apache-combined", 201, 200)
    assert told["misfits"][0]["line_number"] == 101


def test_a_format_that_is_asked_for_fits_or_does_not(tmp_path: Path) -> None:
    """How many lines it takes is said of it alone, whatever other format would take the rest."""
    log = tmp_path / "access.log"
    common = '192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5'
    log.write_text(f"{common}\n" * 3 + f'{common} "-" "curl/8.5.0"\n')
    some = run("detect", "--log-format", "common", str(log))
    assert some.returncode == 0
    assert f"{log}: common\n" in some.stdout
    assert "3 of the first 4 lines fit (75.0%)" in some.stdout
    assert "it is apache-combined" in some.stdout
    none = run("detect", "--log-format", "caddy", str(log))
    assert none.returncode == 3
    assert f"{log}: not caddy-json\n" in none.stdout
    assert "0 of the first 4 lines fit (0.0%)" in none.stdout
    told = json.loads(
        run("detect", "--log-format", "caddy", "--output-format", "jsonl", str(log)).stdout
    )
    assert (told["fitting"], told["lines"]) == (0, 4)


def test_detect_of_something_else(tmp_path: Path) -> None:
    """A log in no known format: the nearest and where it fails; exit 3."""
    path = tmp_path / "other.log"
    path.write_text("2026-10-10 something happened\n" * 20)
    ended = run("detect", str(path))
    assert ended.returncode == 3
    assert "unknown; nearest is" in ended.stdout
    ended = run("replay", str(path))
    assert ended.returncode == 3
    assert ended.stderr.count(" fails in line 1 ") == 3


def test_terminals_are_safe(tmp_path: Path) -> None:
    """Control characters of a line never reach the terminal as they are."""
    path = tmp_path / "evil.log"
    path.write_text("\n".join([LINES[0].replace("curl", "\x1b[2Jcurl")] * 3 + ["\x1b]0;x\x07"]))
    ended = run("detect", str(path))
    assert "\x1b" not in ended.stdout
    assert "\\x1b[2Jcurl" in ended.stdout


def test_formats_are_listed() -> None:
    """Every known format with its other names; one of them in full."""
    listed = run("formats").stdout
    assert "vhost-combined" in listed
    assert "combined" in listed
    full = run("formats", "combined").stdout
    assert "https://httpd.apache.org" in full
    assert "user_agent" in full
    assert run("formats", "combned").returncode == 2


def test_the_servers_own_words(tmp_path: Path) -> None:
    """A LogFormat on the command line, or the server's settings, tell how lines are laid out."""
    log, settings = tmp_path / "access.log", tmp_path / "nginx.conf"
    log.write_text("192.0.2.7|1767225600.250|GET /a/b HTTP/1.1|200|17|gold\n" * 3)
    spec = "$remote_addr|$msec|$request|$status|$bytes_sent|$tier"
    settings.write_text(f"http {{ log_format own '{spec}'; access_log {log} own; }}\n")
    for words in (["--log-format", spec], ["--log-format-from", str(settings)]):
        ended = run("parse", str(log), "--all-fields", *words)
        assert ended.returncode == 0, ended.stderr
        row = json.loads(ended.stdout.splitlines()[0])
        assert (row["time"], row["section"]) == ("2026-01-01T00:00:00.250Z", "/a")
        assert (row["bytes"], row["tier"]) == (17, "gold")
    wrong = run("parse", str(log), "--log-format", "%h %t %r %Q")
    assert wrong.returncode == 2
    assert "\n           ^ did you mean %q?" in wrong.stderr


OWN = """
name = "own"
title = "Our edge"
source = "https://example.com"
line = '{time} {client} "{request}" {status} {tier:text}'
time_format = "iso"
[[samples]]
line = '2026-10-10T13:55:36Z 192.0.2.7 "GET /a HTTP/2.0" 200 gold'
expect = {status = 200, tier = "gold"}
"""


def test_formats_of_ones_own(tmp_path: Path) -> None:
    """A format file is used as it stands, or recognised from the settings folder."""
    log = tmp_path / "edge.log"
    log.write_text('2026-10-10T13:55:36Z 192.0.2.8 "GET /b HTTP/2.0" 404 red\n' * 3)
    folder = tmp_path / "hitwatch" / "formats"
    folder.mkdir(parents=True)
    (folder / "own.toml").write_text(OWN)
    ended = run("detect", str(log), folder=tmp_path, XDG_CONFIG_HOME=str(tmp_path))
    assert "edge.log: own" in ended.stdout
    named = run("parse", str(log), "--log-format", str(folder / "own.toml"), "--columns", "path")
    assert named.stdout.splitlines()[0] == '{"path":"/b"}'
    (folder / "own.toml").write_text(OWN.replace('"gold"}', '"silver"}'))
    wrong = run("detect", str(log), XDG_CONFIG_HOME=str(tmp_path))
    assert wrong.returncode == 2
    assert "sample gives tier = 'gold', not 'silver'" in wrong.stderr


def test_a_format_without_bytes(tmp_path: Path) -> None:
    """The outflow rule watches hits where no bytes are logged, and says so."""
    log = tmp_path / "edge.log"
    log.write_text('2026-10-10T13:55:36Z 192.0.2.8 "GET /b HTTP/2.0" 404 red\n' * 3)
    own = tmp_path / "own.toml"
    own.write_text(OWN)
    ended = run("replay", str(log), "--log-format", str(own))
    assert ended.returncode == 0
    assert "no line says how many bytes were sent; the rule watches hits instead" in ended.stderr


def test_a_format_without_time(tmp_path: Path) -> None:
    """Lines that do not say when cannot be replayed, but can be parsed."""
    log = tmp_path / "access.log"
    log.write_text("192.0.2.7 GET /a 200\n")
    words = ["--log-format", "%h %m %U %>s"]
    assert run("replay", str(log), *words).returncode == 3
    assert json.loads(run("parse", str(log), *words).stdout)["time"] is None


def test_logs_of_one_rotation_are_of_one_format_unless_they_changed(tmp_path: Path) -> None:
    """What fits two formats is taken as its fellows are; a format that was changed is found."""
    clients = ("192.0.2.1 - -", "192.0.2.1 ident ann", "192.0.2.1 - -")
    for age, client in enumerate(clients):
        text = "".join(
            f'{client} [1{2 - age}/Oct/2026:10:00:{n:02} +0000] "GET /{n} HTTP/1.1" 200 5 "-" "c"\n'
            for n in range(30)
        )
        (tmp_path / (f"access.log.{age}" if age else "access.log")).write_text(text)
    (tmp_path / "access.log.3").write_text(
        '192.0.2.1 - - [01/Oct/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5\n' * 30
    )
    ran = run("report", "access.log*", "--output-format", "json", folder=tmp_path)
    formats = {each["origin"]: each["log_format"] for each in json.loads(ran.stdout)["sources"]}
    assert formats["access.log.3"] == "common"
    assert formats["access.log.1"] == "apache-combined"
    assert formats["access.log"] == formats["access.log.2"]
    assert {each["hits"] for each in json.loads(ran.stdout)["sources"]} == {30}


def test_a_pipe_is_read_at_its_place_among_files(tmp_path: Path) -> None:
    """Its first lines tell when it begins, as those of files do."""
    times = {"older": "09", "newer": "11"}
    line = '192.0.2.1 - - [10/Oct/2026:{}:00:00 +0000] "GET /{} HTTP/1.1" 200 1 "-" "curl"\n'
    for name, hour in times.items():
        (tmp_path / f"{name}.log").write_text(line.format(hour, name) * 3)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    between = line.format("10", "between") * 3
    writer = threading.Thread(target=pipe.write_text, args=(between,), daemon=True)
    writer.start()
    files = [str(tmp_path / name) for name in ("newer.log", "pipe", "older.log")]
    rows = objects(run("parse", *files, "--columns", "path").stdout)
    writer.join()
    paths = [row["path"] for row in rows]
    assert paths == ["/older"] * 3 + ["/between"] * 3 + ["/newer"] * 3
