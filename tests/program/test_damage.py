"""Damaged logs: every command reads the same lines of them, and says what it could not read."""

from __future__ import annotations

import gzip
import json
import lzma
import os
import random
import select
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .running import COMMAND, environment, line, run

BEGIN = 1_767_225_600


def lines_from(at: int, count: int, size: int = 100) -> bytes:
    """Lines a second apart, whose text does not compress to nothing."""
    noise = random.Random(at)
    made = (line(at + n, f"/{noise.getrandbits(64):x}", size) for n in range(count))
    return "".join(made).encode()


LOG = lines_from(BEGIN, 6000)
ARCHIVE = gzip.compress(LOG)
FIRST, SECOND, THIRD = (gzip.compress(lines_from(BEGIN + 999 * n, 999)) for n in range(3))
UTF16 = LOG.decode().encode("utf-16")
DAMAGED = {
    "cut": (ARCHIVE[: len(ARCHIVE) // 2], None, 3, "the data end at offset"),
    "no trailer": (ARCHIVE[:-8], 6000, 3, "is missing; the text before it is complete"),
    "wrong sum": (ARCHIVE[:-7] + bytes(7), 6000, 3, "is wrong"),
    "behind": (ARCHIVE + b"garbage" * 9, 6000, 3, f"63 bytes at offset {len(ARCHIVE):,}"),
    "padded": (ARCHIVE + bytes(512), 6000, 0, ""),
    "between": (FIRST + b"\xff" * 99 + SECOND + THIRD, 2997, 3, f"offset {len(FIRST):,}"),
    "hole before": (bytes(4096) + LOG, 6000, 0, "4,096 NUL bytes at offset 0 skipped"),
    "hole within": (LOG + bytes(300) + LOG, 12000, 0, f"300 NUL bytes at offset {len(LOG):,}"),
    "only a hole": (LOG + bytes(5000), 6000, 0, "5,000 NUL bytes"),
    "marks": (b"\xef\xbb\xbf" + LOG + b"\xef\xbb\xbf" + LOG, 12000, 0, ""),
    "half a character": (UTF16 + b"a", 6000, 3, "half a character"),
    "returns twice": (LOG.replace(b"\n", b"\r\r\n"), 6000, 0, ""),
    "returns": (LOG.replace(b"\n", b"\r"), 6000, 0, ""),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_every_command_reads_the_same_lines(tmp_path: Path, name: str) -> None:
    """What can be read counts, alike everywhere; what cannot is said, also to who wants quiet."""
    content, count, code, said = DAMAGED[name]
    log = tmp_path / "access.log"
    log.write_bytes(content)
    report = run("report", "--quiet", "--output-format", "json", str(log))
    parsed = run("parse", "--quiet", str(log))
    played = run("replay", "--quiet", "--output-format", "jsonl", str(log))
    asked = run(
        "query", "--quiet", "--output-format", "csv", "SELECT count(*) AS n FROM hits", str(log)
    )
    numbers = {
        json.loads(report.stdout)["totals"]["hits"],
        parsed.stdout.count("\n"),
        json.loads(played.stdout.splitlines()[-1])["hits"],
        int(asked.stdout.split()[1]),
    }
    assert len(numbers) == 1
    assert numbers == {count} or (count is None and 0 < min(numbers) < 6000)
    for ended in (report, parsed, played, asked):
        assert ended.returncode == code, ended.stderr
        assert said in ended.stderr
        assert bool(ended.stderr) == bool(said)
    assert run("detect", str(log)).returncode in (0, code)


def test_a_window_is_judged_by_what_stands_before_it(tmp_path: Path) -> None:
    """A surge within --since is seen, since the rule's windows reach back behind it."""
    log = tmp_path / "access.log"
    log.write_bytes(lines_from(BEGIN, 1500) + lines_from(BEGIN + 1500, 600, 9000))
    window = ("--since", "2026-01-01T00:26", "--until", "2026-01-01T00:35", "--fail-on-alert")
    surge = run("report", "--output-format", "json", *window, str(log))
    assert surge.returncode == 1
    (alert,) = json.loads(surge.stdout)["alerts"]
    assert alert["fired_at"].startswith("2026-01-01T00:25")
    assert json.loads(surge.stdout)["totals"]["hits"] == 540
    early = run("report", "--until", "2026-01-01T00:05", str(log))
    assert "Alerts: not judged; the rule needs 22m of log before it" in early.stdout
    later = run("report", "--until", "2026-01-01T00:24", str(log))
    assert "none would have fired; not judged before 2026-01-01 00:22:10" in later.stdout


def test_a_line_too_long_to_be_held_is_said_by_every_command(tmp_path: Path) -> None:
    """Of a line above 16 MiB the beginning is one reject, and the rest is said to be unread."""
    log = tmp_path / "access.log"
    log.write_bytes(LOG[:100_000] + b"a" * (17 << 20) + b"\n" + LOG[100_000:])
    for command in ("report", "parse", "replay"):
        ended = run(command, "--quiet", str(log))
        assert ended.returncode == 3, command
        assert "a line is longer than 16 MiB: 1,048," in ended.stderr
        assert "bytes of it, from offset" in ended.stderr


PACKED = {
    "gzip": (ARCHIVE, 6000, 0, ""),
    "xz": (lzma.compress(LOG), 6000, 0, ""),
    "UTF-16": (UTF16, 6000, 0, ""),
    "cut": (ARCHIVE[: len(ARCHIVE) // 2], None, 3, "standard input: the compressed file is"),
    "hole": (bytes(4096) + LOG, 6000, 0, "standard input: 4,096 NUL bytes at offset 0 skipped"),
}


@pytest.mark.parametrize("name", PACKED)
def test_standard_input_is_read_as_a_file_is(name: str) -> None:
    """What comes out of a pipe is decompressed and transcoded as a file is, by every command."""
    content, count, code, said = PACKED[name]
    counted: dict[str, Callable[[bytes], int]] = {
        "report": lambda out: json.loads(out)["totals"]["hits"],
        "replay": lambda out: json.loads(out.splitlines()[-1])["hits"],
        "parse": lambda out: out.count(b"\n"),
    }
    numbers = set()
    for command, hits in counted.items():
        words = [command, "--quiet", "--output-format", "json" if command == "report" else "jsonl"]
        ended = subprocess.run(
            [*COMMAND, *words, "-"], input=content, capture_output=True, env=environment()
        )
        assert ended.returncode == code, ended.stderr
        assert said.encode() in ended.stderr
        numbers.add(hits(ended.stdout))
    assert len(numbers) == 1
    assert numbers == {count} or (count is None and 0 < min(numbers) < 6000)


def test_a_file_of_nothing_but_a_hole_is_not_called_empty(tmp_path: Path) -> None:
    """Every command says how many NUL bytes were skipped, also to who wants quiet."""
    log = tmp_path / "access.log"
    log.write_bytes(bytes(4096))
    for command in (["report", "--quiet"], ["replay", "--quiet"], ["parse", "--quiet"], ["detect"]):
        ended = run(*command, str(log))
        assert ended.returncode == 0
        assert "has no lines: 4,096 NUL bytes at offset 0 skipped" in ended.stderr
        assert "is empty" not in ended.stderr


def test_a_log_in_utf_16_is_not_called_binary(tmp_path: Path) -> None:
    """It cannot be followed, which is said with the commands that read it."""
    log = tmp_path / "access.log"
    log.write_bytes(UTF16)
    ended = run("watch", str(log))
    assert ended.returncode == 3
    assert "a log in UTF-16 cannot be followed" in ended.stderr


@pytest.mark.parametrize("command", ["report", "replay", "parse"])
def test_a_pipe_that_nobody_writes_to_delays_no_end(command: str) -> None:
    """INT ends a run that waits for standard input at once, not with the next line."""
    reads, writes = os.pipe()
    os.write(writes, LOG[:1000])
    words = [*COMMAND, command, "-"]
    with subprocess.Popen(
        words, stdin=reads, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment()
    ) as waiting:
        while select.select([reads], [], [], 0)[0]:
            time.sleep(0.05)
        waiting.send_signal(signal.SIGINT)
        try:
            assert waiting.wait(10) == 128 + signal.SIGINT
        finally:
            waiting.kill()
            os.close(writes)
            os.close(reads)
