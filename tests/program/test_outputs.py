"""Nothing of the user's is destroyed by an output, of whatever command, wherever it leads."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import signal
import socket
import stat
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.program.running import COMMAND, environment, run

ROOT = os.geteuid() == 0
START = 1_780_000_000


def line(second: int, path: str = "/a", client: str = "192.0.2.1") -> str:
    """A line of a combined log."""
    at = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(START + second))
    return f'{client} - - [{at}] "GET {path} HTTP/1.1" 200 100 "-" "test"\n'


LINES = "".join(line(n, f"/{n % 7}/x") for n in range(0, 600, 2)) + "nonsense\n"
RULE = ["--short", "10s", "--long", "30s", "--threshold", "1.01"]


@dataclass(frozen=True)
class Command:
    """One output of one command.

    Attributes:
        words: the command, ``{log}`` for its log and ``{out}`` for the output.
        earlier: what an earlier output of the kind looks like; ``None``: it is added to.

    """

    words: tuple[str, ...]
    earlier: bytes | None

    def run(self, log: Path, out: Path | str, *more: str, **options: Any) -> Any:
        """Run it."""
        return run(*self.filled(log, out), *more, **options)

    def filled(self, log: Path, out: Path | str) -> list[str]:
        """Its words."""
        return [word.format(log=log, out=out) for word in self.words]


SQL = "SELECT path, status FROM hits"
STEADY = ("simulate", "--rate", "50", "--duration", "10s", "--seed", "1")
REPLACING = {
    "parse": Command(
        ("parse", "{log}", "--output-format", "jsonl", "-o", "{out}"), b'{"path":1}\n'
    ),
    "parse csv": Command(
        ("parse", "{log}", "--output-format", "csv", "-o", "{out}"), b"path,status\n/x,200\n"
    ),
    "parse parquet": Command(
        ("parse", "{log}", "--output-format", "parquet", "-o", "{out}"), b"PAR1....PAR1"
    ),
    "parse arrow": Command(
        ("parse", "{log}", "--output-format", "arrow", "-o", "{out}"), b"ARROW1.."
    ),
    "rejects": Command(("parse", "{log}", "--rejects", "{out}"), b'{"origin":"a"}\n'),
    "query": Command(("query", SQL, "{log}", "--output-format", "json", "-o", "{out}"), b"[]\n"),
    "query table": Command(
        ("query", SQL, "{log}", "--output-format", "table", "-o", "{out}"), b"path  status\n"
    ),
    "query md": Command(
        ("query", SQL, "{log}", "--output-format", "md", "-o", "{out}"), b"| path |\n"
    ),
    "query parquet": Command(
        ("query", SQL, "{log}", "--output-format", "parquet", "-o", "{out}"), b"PAR1....PAR1"
    ),
    "truth": Command((*STEADY, "--truth", "{out}"), b'{\n  "seed": 1}\n'),
    **{
        f"report {ending}": Command(("report", "{log}", "-o", "{out}." + ending), earlier)
        for ending, earlier in {
            "txt": b"1 line = 1 hit",
            "json": b"{}",
            "jsonl": b"{}\n",
            "csv": b"panel,key\n",
            "md": b"# Access log report\n",
            "parquet": b"PAR1....PAR1",
        }.items()
    },
}
"""Outputs that are written as a whole."""

ADDING = {
    "alert log": Command(("replay", "{log}", *RULE, "--alert-log", "{out}"), None),
    "own log": Command(("parse", "{log}", "--log-file", "{out}"), None),
}
"""Outputs that are added to."""

LOGS = {
    "simulate": Command((*STEADY, "-o", "{out}"), None),
    "simulate live": Command(
        ("simulate", "--rate", "50", "--duration", "1s", "--live", "-o", "{out}"), None
    ),
}
"""Logs that are made up."""

ALL = {**REPLACING, **ADDING, **LOGS}
SEVERAL = {name: ALL[name] for name in ("parse", "rejects", "query", "truth", "report json")}
"""One of each way to write as a whole."""

several = pytest.mark.parametrize("command", SEVERAL.values(), ids=SEVERAL.keys())
every = pytest.mark.parametrize("command", ALL.values(), ids=ALL.keys())
each_replacing = pytest.mark.parametrize("command", REPLACING.values(), ids=REPLACING.keys())


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Write a log with a busy time and a line that is none."""
    path = tmp_path / "access.log"
    path.write_text(LINES + "".join(line(600 + n % 30) for n in range(2000)))
    return path


def ended_well(ended: Any) -> None:
    """Check that a command did what it was asked to."""
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr


def named(command: Command, out: Path) -> Path:
    """The file that a command writes for a path; reports add their ending."""
    return Path(command.filled(Path("-"), out)[-1])


def unfinished(folder: Path) -> list[Path]:
    """Files that a run has left behind."""
    return [path for path in folder.iterdir() if path.name.endswith(".hitwatch-part")]


@every
def test_a_new_file(command: Command, log: Path, tmp_path: Path) -> None:
    """A new file has the mode that the umask leaves, and nothing lies beside it."""
    out = named(command, tmp_path / "new")
    ended_well(command.run(log, tmp_path / "new"))
    assert out.stat().st_size > 0
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(out.stat().st_mode) == 0o666 & ~umask
    assert unfinished(tmp_path) == []


@every
@pytest.mark.skipif(not ROOT, reason="only root makes devices")
def test_a_device(command: Command, log: Path, tmp_path: Path) -> None:
    """A device is written to, and stays one."""
    out = named(command, tmp_path / "null")
    os.mknod(out, 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    before = out.stat()
    ended_well(command.run(log, tmp_path / "null"))
    assert out.stat() == before
    assert stat.S_ISCHR(out.stat().st_mode)


@every
def test_a_pipe(command: Command, log: Path, tmp_path: Path) -> None:
    """A pipe takes what a file would, and stays a pipe."""
    out, file = named(command, tmp_path / "pipe"), named(command, tmp_path / "file")
    os.mkfifo(out)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(out.read_bytes()))
    reader.start()
    ended_well(command.run(log, tmp_path / "pipe"))
    reader.join(20)
    assert stat.S_ISFIFO(out.stat().st_mode)
    ended_well(command.run(log, tmp_path / "file"))
    same = command not in (*ADDING.values(), LOGS["simulate live"]) and command.words[0] != "report"
    assert got[0] == file.read_bytes() if same else len(got[0]) > 0


@every
def test_a_socket(command: Command, log: Path, tmp_path: Path) -> None:
    """Who listens at a socket is told; a socket where nobody listens is an error, and stays."""
    out = named(command, tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(out))
        if command in SEVERAL.values():
            ended = command.run(log, tmp_path / "s")
            assert ended.returncode == 1
            assert "Connection refused" in ended.stderr
        listening.listen()
        got: list[int] = []

        def read() -> None:
            connection, _ = listening.accept()
            with connection, connection.makefile("rb") as file:
                got.append(len(file.read()))

        reader = threading.Thread(target=read)
        reader.start()
        ended_well(command.run(log, tmp_path / "s"))
        reader.join(20)
    assert got[0] > 0
    assert stat.S_ISSOCK(out.stat().st_mode)


@every
@pytest.mark.parametrize("there", [True, False])
def test_a_link(command: Command, log: Path, tmp_path: Path, there: bool) -> None:
    """A link stays a link, and what it leads to is written, also when it is not there yet."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    target, link = folder / "target", named(command, tmp_path / "link")
    if there:
        target.write_bytes(command.earlier or b"")
    link.symlink_to(Path("elsewhere") / "target")
    ended_well(command.run(log, tmp_path / "link"))
    assert link.is_symlink()
    assert target.is_file()
    assert not target.is_symlink()
    assert target.read_bytes() not in (command.earlier, b"")


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "-"])
@pytest.mark.parametrize("which", [*SEVERAL, "simulate"])
def test_standard_output_by_its_names(which: str, name: str, log: Path, tmp_path: Path) -> None:
    """``/dev/stdout`` and ``-`` are standard output; a redirected file is added to, not begun."""
    command = ALL[which]
    if which == "report json":
        command = Command((*command.words[:-1], "{out}"), b"")
    out = tmp_path / "out"
    out.write_bytes(b"before\n")
    with out.open("ab") as file:
        words = [*COMMAND, *command.filled(log, name)]
        ended = subprocess.run(words, stdout=file, stderr=subprocess.PIPE, env=environment())
    assert ended.returncode == 0, ended.stderr
    assert out.read_bytes().startswith(b"before\n")
    assert out.stat().st_size > len(b"before\n")


def test_process_substitution(log: Path, tmp_path: Path) -> None:
    """``>(…)`` of a shell takes rows and reports."""
    out = tmp_path / "out"
    for words in (
        f"parse {log} -o",
        f"report {log} --output-format json -o",
        f"query '{SQL}' {log} -o",
    ):
        script = f"{' '.join(COMMAND)} {words} >(cat > {out}); sleep 0.5"
        ended = subprocess.run(["bash", "-c", script], capture_output=True, env=environment())
        assert ended.returncode == 0
        assert ended.stdout == b""
        assert out.stat().st_size > 100
        out.unlink()


@each_replacing
def test_an_earlier_output_is_replaced(command: Command, log: Path, tmp_path: Path) -> None:
    """What an earlier run wrote is replaced by a new file with its mode and attributes."""
    out = named(command, tmp_path / "out")
    ended_well(command.run(log, tmp_path / "out"))
    first, inode = out.read_bytes(), out.stat().st_ino
    out.chmod(0o640)
    if ROOT:
        os.chown(out, 12345, 54321)
    with contextlib.suppress(OSError):
        os.setxattr(out, "user.note", b"kept")
    log.write_text(log.read_text() + line(700, "/new"))
    held = out.open("rb")
    ended_well(command.run(log, tmp_path / "out"))
    status = out.stat()
    assert stat.S_IMODE(status.st_mode) == 0o640
    if ROOT:
        assert (status.st_uid, status.st_gid) == (12345, 54321)
    with contextlib.suppress(OSError):
        assert os.getxattr(out, "user.note") == b"kept"
    assert status.st_ino != inode
    assert held.read() == first
    held.close()
    assert unfinished(tmp_path) == []


@each_replacing
@pytest.mark.parametrize("content", [LINES.encode(), b"my notes,\nnever to be lost\n\x00"])
def test_other_files_are_not_replaced(
    command: Command, content: bytes, log: Path, tmp_path: Path
) -> None:
    """A log, or anything that is no earlier output, is kept unless ``--overwrite`` is said."""
    out = named(command, tmp_path / "out")
    if out.suffix == ".csv" or "csv" in command.words:
        content = LINES.encode()
    out.write_bytes(content)
    ended = command.run(log, tmp_path / "out")
    assert ended.returncode == 2
    assert f"{out}: exists and is not an earlier output" in ended.stderr
    assert "--overwrite" in ended.stderr
    assert out.read_bytes() == content
    ended_well(command.run(log, tmp_path / "out", "--overwrite"))
    assert out.read_bytes() != content


JSON_LOG = (
    '{"remote_addr":"192.0.2.1","time_iso8601":"2026-01-01T00:00:00+00:00",'
    '"request":"GET /a HTTP/1.1","status":"200","body_bytes_sent":"10"}\n'
)


def test_a_json_log_is_not_replaced_by_rows(log: Path, tmp_path: Path) -> None:
    """A log of JSON lines, called like one, is kept; rows called like a log are replaced."""
    other = tmp_path / "other.log"
    other.write_text(JSON_LOG * 50)
    assert run("parse", str(log), "-o", str(other)).returncode == 2
    assert other.read_text() == JSON_LOG * 50
    rows = tmp_path / "rows.log"
    for _ in range(2):
        ended_well(run("parse", str(log), "-o", str(rows)))
    for _ in range(2):
        query = "SELECT time, client, path, status, duration_s * 1000 AS ms FROM hits"
        ended_well(run("query", query, str(log), "-o", str(tmp_path / "rows.jsonl")))


@pytest.mark.parametrize("command", LOGS.values(), ids=LOGS.keys())
def test_an_existing_log(command: Command, log: Path, tmp_path: Path) -> None:
    """A log is erased or continued only when that is said; the error names both ways."""
    before = log.read_bytes()
    for spelled in (str(log), f"{tmp_path}/./access.log"):
        ended = command.run(log, spelled)
        assert ended.returncode == 2
        assert "the log already exists" in ended.stderr
        assert "--append" in ended.stderr
        assert "--overwrite" in ended.stderr
        assert log.read_bytes() == before
    assert command.run(log, log, "--append", "--overwrite").returncode == 2
    log.write_bytes(before + b"cut sho")
    ended_well(command.run(log, log, "--append"))
    assert log.read_bytes().startswith(before + b"cut sho\n")
    assert log.stat().st_size > len(before) + 100
    log.chmod(0o604)
    ended_well(command.run(log, log, "--overwrite"))
    assert b"nonsense" not in log.read_bytes()
    assert stat.S_IMODE(log.stat().st_mode) == 0o604


READING = {name: command for name, command in {**REPLACING, **ADDING}.items() if name != "truth"}


def lead(way: str, out: Path, log: Path) -> None:
    """Let a path lead to a log."""
    if way == "hard link":
        out.hardlink_to(log)
    elif way == "symbolic link":
        out.symlink_to(log)
    else:
        out.with_name("between").symlink_to(log)
        out.symlink_to("between")


@pytest.mark.parametrize(
    ("name", "way"),
    [
        *((name, "symbolic link") for name in READING),
        *((name, "hard link") for name in ("parse", "report json", "alert log")),
        ("parse", "link to a link"),
    ],
)
def test_an_input_is_never_an_output(name: str, way: str, log: Path, tmp_path: Path) -> None:
    """What is read is never written, under whatever name, not even with ``--overwrite``."""
    command, before = READING[name], log.read_bytes()
    lead(way, named(command, tmp_path / "out"), log)
    more = [] if name in ADDING else ["--overwrite"]
    ended = command.run(log, tmp_path / "out", *more)
    assert ended.returncode == 2, ended.stderr
    assert "an output cannot be one of the inputs" in ended.stderr
    assert log.read_bytes() == before


@pytest.mark.parametrize("name", ["parse", "rejects", "query", "alert log", "own log"])
def test_other_spellings_of_an_input(name: str, log: Path, tmp_path: Path) -> None:
    """Nor is it under its own name, or a longer one."""
    before = log.read_bytes()
    (tmp_path / "sub").mkdir()
    for spelled in (log, tmp_path / "sub" / ".." / "access.log"):
        ended = READING[name].run(log, spelled)
        assert ended.returncode == 2, ended.stderr
        assert "an output cannot be one of the inputs" in ended.stderr
        assert log.read_bytes() == before


def test_standard_input_and_output_are_inputs_and_outputs_too(log: Path, tmp_path: Path) -> None:
    """A log given by ``<`` is no output, and ``>>`` to a log that is read is refused."""
    before = log.read_bytes()
    for words, read, written in (
        (["parse", "-", "-o", str(log), "--overwrite"], log, None),
        (["parse", str(log)], subprocess.DEVNULL, log),
        (["replay", str(log)], subprocess.DEVNULL, log),
        (["report", str(log), "-o", "/dev/stdout"], subprocess.DEVNULL, log),
    ):
        with contextlib.ExitStack() as stack:
            stdin = stack.enter_context(read.open()) if isinstance(read, Path) else read
            given = stack.enter_context(written.open("a")) if written else subprocess.PIPE
            ended = subprocess.run(
                [*COMMAND, *words],
                stdin=stdin,
                stdout=given,
                stderr=subprocess.PIPE,
                env=environment(),
            )
        assert ended.returncode == 2
        assert b"an output cannot be one of the inputs" in ended.stderr
        assert log.read_bytes() == before


def test_settings_scenario_and_keys_are_inputs(log: Path, tmp_path: Path) -> None:
    """Other files that a run reads are no outputs either."""
    settings, scenario = tmp_path / "s.jsonl", tmp_path / "t.toml"
    settings.write_text("")
    ended = run("parse", str(log), "--config", str(settings), "-o", str(settings), "--overwrite")
    assert ended.returncode == 2
    scenario.write_text('[[phases]]\nrate = 1\nduration = "1s"\n')
    for option in ("-o", "--truth"):
        ended = run("simulate", str(scenario), option, str(scenario), "--overwrite")
        assert ended.returncode == 2
        assert scenario.read_text().startswith("[[phases]]")


def test_a_log_that_comes_later_is_an_input(tmp_path: Path) -> None:
    """The alert log of a watch is not the log that is waited for."""
    log = tmp_path / "access.log"
    ended = run("watch", str(log), "--alert-log", f"{tmp_path}/./access.log")
    assert ended.returncode == 2
    assert not log.exists()


def test_two_outputs_are_two_files(log: Path, tmp_path: Path) -> None:
    """The same file under two names is refused, before anything is written."""
    out, link = tmp_path / "r.json", tmp_path / "link.json"
    link.symlink_to(out)
    for words in (
        ["report", str(log), "-o", str(out), "-o", f"{tmp_path}/./r.json"],
        ["report", str(log), "-o", str(out), "-o", str(link)],
        ["parse", str(log), "-o", str(out), "--rejects", str(link)],
        ["parse", str(log), "--log-file", str(out), "-o", str(out)],
        ["simulate", "--duration", "1s", "-o", str(out), "--truth", str(link)],
        ["replay", str(log), "--alert-log", str(out), "--log-file", str(link)],
    ):
        ended = run(*words)
        assert ended.returncode == 2, words
        assert "two outputs are the same file" in ended.stderr
        assert not out.exists() or out.stat().st_size == 0
        out.unlink(missing_ok=True)
    ended_well(run("parse", str(log), "-o", "/dev/null", "--rejects", "/dev/null"))


@every
def test_what_cannot_be_written(command: Command, log: Path, tmp_path: Path) -> None:
    """Directories, missing folders and endless links are named, with what to do."""
    out = named(command, tmp_path / "out")
    out.mkdir()
    ended = command.run(log, tmp_path / "out")
    assert ended.returncode in (1, 2)
    assert f"{out}: cannot" in ended.stderr
    assert "it is a directory" in ended.stderr
    ended = command.run(log, tmp_path / "none" / "out")
    assert ended.returncode in (1, 2)
    assert f"the directory {tmp_path / 'none'} does not exist" in ended.stderr
    assert "mkdir -p" in ended.stderr
    if command not in SEVERAL.values():
        return
    named(command, tmp_path / "loop").symlink_to(named(command, tmp_path / "loop"))
    ended = command.run(log, tmp_path / "loop")
    assert ended.returncode in (1, 2)
    assert "Traceback" not in ended.stderr
    ended = command.run(log, tmp_path / ("x" * 300))
    assert "File name too long" in ended.stderr
    assert "Traceback" not in ended.stderr


@several
def test_names_at_the_limit(command: Command, log: Path, tmp_path: Path) -> None:
    """A name as long as names may be is written like any other."""
    longest = os.pathconf(tmp_path, "PC_NAME_MAX")
    ending = len(named(command, tmp_path / "x").name) - 1
    out = tmp_path / ("é" * ((longest - ending) // 2))
    ended_well(command.run(log, out))
    ended_well(command.run(log, out))
    assert named(command, out).stat().st_size > 0


@several
def test_hard_links_stay_linked(command: Command, log: Path, tmp_path: Path) -> None:
    """A file with two names is written through, so that both have the new content."""
    out = named(command, tmp_path / "out")
    out.write_bytes((command.earlier or b"") + b" " * 100_000)
    other = tmp_path / "other"
    other.hardlink_to(out)
    ended_well(command.run(log, tmp_path / "out"))
    assert out.samefile(other)
    assert not out.read_bytes().endswith(b" " * 100)
    assert unfinished(tmp_path) == []


def limited(size: int) -> Callable[[], None]:
    """Let files of a process grow no further than some bytes."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize(
    ("which", "linked"), [*((name, False) for name in REPLACING), ("parse", True), ("truth", True)]
)
def test_a_full_disk(which: str, linked: bool, log: Path, tmp_path: Path) -> None:
    """When there is no room, the old file is whole, nothing lies beside it, the error says why."""
    command = REPLACING[which]
    out = named(command, tmp_path / "out")
    out.write_bytes(command.earlier or b"")
    if linked:
        (tmp_path / "other").hardlink_to(out)
    ended = subprocess.run(
        [*COMMAND, *command.filled(log, tmp_path / "out")],
        capture_output=True,
        text=True,
        env=environment(),
        preexec_fn=limited(64),
    )
    assert ended.returncode == 1, ended.stderr
    assert "File too large" in ended.stderr
    assert str(out) in ended.stderr
    assert "Traceback" not in ended.stderr
    assert out.read_bytes() == command.earlier
    assert unfinished(tmp_path) == []


@several
def test_nothing_read_replaces_nothing(command: Command, log: Path, tmp_path: Path) -> None:
    """A run that could not read anything leaves the good output of yesterday."""
    if command.words[0] == "simulate":
        return
    out = named(command, tmp_path / "out")
    out.write_bytes(command.earlier or b"")
    assert command.run(tmp_path / "none.log", tmp_path / "out").returncode == 3
    assert out.read_bytes() == command.earlier
    assert unfinished(tmp_path) == []


SLOW = {
    "parse": (["parse", "{fifo}", "--output-format", "jsonl", "-o", "{out}"], b"{}\n"),
    "parquet": (["parse", "{fifo}", "--output-format", "parquet", "-o", "{out}"], b"PAR1"),
    "rejects": (["parse", "{fifo}", "--rejects", "{out}"], b'{"origin":"a"}\n'),
    "query": (["query", SQL, "{fifo}", "--output-format", "jsonl", "-o", "{out}"], b"{}\n"),
    "report": (["report", "{fifo}", "-o", "{out}"], b"{}"),
    "simulate": (
        ["simulate", "--duration", "9h", "--rate", "90", "-o", "{out}", "--overwrite"],
        b"x\n",
    ),
}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("name", SLOW)
def test_ended_in_the_middle(name: str, number: signal.Signals, tmp_path: Path) -> None:
    """A run that is ended leaves the old file; only a killed one leaves its unfinished file."""
    words, before = SLOW[name]
    fifo, out = tmp_path / "access.fifo", tmp_path / "out.json"
    os.mkfifo(fifo)
    out.write_bytes(before)
    filled = [word.format(fifo=fifo, out=out) for word in words]
    process = subprocess.Popen([*COMMAND, *filled], stderr=subprocess.PIPE, env=environment())
    feeding = os.open(fifo, os.O_RDWR | os.O_NONBLOCK) if name != "simulate" else None
    if feeding is not None:
        os.write(feeding, LINES.encode())
    end = time.monotonic() + 20
    while not unfinished(tmp_path):
        assert time.monotonic() < end
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    time.sleep(0.5)
    process.send_signal(number)
    if feeding is not None and number != signal.SIGKILL:
        # The input goes on: only the signal ends the run.
        with contextlib.suppress(OSError):
            for _ in range(20):
                os.write(feeding, LINES.encode()[:2000])
                time.sleep(0.05)
        os.close(feeding)
    process.communicate(timeout=20)
    assert process.returncode == (-9 if number == signal.SIGKILL else 128 + number)
    assert out.read_bytes() == before
    left = [path.name for path in unfinished(tmp_path)]
    assert left == [] or (number == signal.SIGKILL and left[0].startswith(".out.json."))


def test_a_pipe_that_nobody_reads(log: Path, tmp_path: Path) -> None:
    """Waiting for a reader of a pipe ends when it is asked to."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for words in (["parse", str(log), "-o", str(pipe)], ["simulate", "-o", str(pipe)]):
        process = subprocess.Popen([*COMMAND, *words], stderr=subprocess.PIPE, env=environment())
        time.sleep(1)
        process.terminate()
        process.communicate(timeout=10)
        assert process.returncode == 128 + signal.SIGTERM


def test_rows_are_streamed_to_a_pipe(tmp_path: Path) -> None:
    """What a pipe takes comes as lines are read, not at the end."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    process = subprocess.Popen(
        [*COMMAND, "parse", "-", "-o", str(pipe)], stdin=subprocess.PIPE, env=environment()
    )
    assert process.stdin is not None
    with pipe.open("rb") as rows:
        process.stdin.write(LINES.encode())
        process.stdin.flush()
        first = rows.readline()
        assert json.loads(first)["client"] == "192.0.2.1"
        process.stdin.close()
        rows.read()
    assert process.wait(20) == 0


WEAK = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"]
"""Lets root be held to permissions as everybody is (``setpriv(1)``)."""


@pytest.mark.skipif(not ROOT or not shutil.which(WEAK[0]), reason="needs root and setpriv")
def test_permissions(log: Path, tmp_path: Path) -> None:
    """What may not be written is not, even where it could be replaced; what may be, is kept."""

    def parse(out: Path) -> subprocess.CompletedProcess[str]:
        words = [*WEAK, *COMMAND, "parse", str(log), "-o", str(out)]
        return subprocess.run(words, capture_output=True, text=True, env=environment())

    locked = tmp_path / "locked.jsonl"
    locked.write_bytes(b"{}\n")
    locked.chmod(0o444)
    ended = parse(locked)
    assert ended.returncode == 1, ended.stderr
    assert f"{locked}: cannot be written: Permission denied" in ended.stderr
    assert locked.read_bytes() == b"{}\n"
    # A file that others own and let write: a new one would have another owner, so it is filled.
    shared = tmp_path / "shared.jsonl"
    shared.write_bytes(b"{}\n")
    shared.chmod(0o666)
    os.chown(shared, 12345, 12345)
    inode = shared.stat().st_ino
    ended_well(parse(shared))
    assert (shared.stat().st_ino, shared.stat().st_uid) == (inode, 12345)
    assert shared.stat().st_size > 1000
    # A file in a folder that takes no new ones.
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    fixed = theirs / "fixed.jsonl"
    fixed.write_bytes(b"{}\n")
    os.chown(theirs, 12345, 12345)
    ended_well(parse(fixed))
    assert fixed.stat().st_size > 1000
    ended = parse(theirs / "new.jsonl")
    assert ended.returncode == 1
    assert "Permission denied" in ended.stderr
    assert list(theirs.iterdir()) == [fixed]


ROTATING = """
log_format = "common"
[[phases]]
rate = 10
duration = "50s"
[rotation]
every = "20s"
by = "{by}"
"""


@pytest.mark.parametrize("by", ["rename", "truncate"])
def test_rotation_destroys_nothing(by: str, tmp_path: Path) -> None:
    """Older files move on, links among them too; a log named by a link is rotated where it is."""
    scenario = tmp_path / "s.toml"
    scenario.write_text(ROTATING.format(by=by))
    real, link = tmp_path / "real.log", tmp_path / "link.log"
    link.symlink_to("real.log")
    (tmp_path / "real.log.1").write_text("old one")
    (tmp_path / "real.log.2").symlink_to("nowhere")
    ended_well(run("simulate", str(scenario), "-o", str(link)))
    assert link.is_symlink()
    assert not real.is_symlink()
    counts = [(tmp_path / name).read_text().count("\n") for name in ("real.log.2", "real.log.1")]
    assert [*counts, real.read_text().count("\n")] == [200, 200, 100]
    assert (tmp_path / "real.log.3").read_text() == "old one"
    assert (tmp_path / "real.log.4").readlink() == Path("nowhere")
    assert run("simulate", str(scenario)).stdout.count("\n") == 500
    (tmp_path / "big").mkdir()
    (tmp_path / "big.log.1").mkdir()
    ended = run("simulate", str(scenario), "-o", str(tmp_path / "big.log"))
    assert ended.returncode == 1
    assert "big.log.1: cannot keep the rotated log: it is a directory" in ended.stderr


def test_the_alert_log_survives_rotation(tmp_path: Path) -> None:
    """An alert log and hitwatch's own are begun anew when another program has moved them."""
    log, alerts, own = (tmp_path / name for name in ("access.log", "alerts", "own"))
    log.write_text("")
    alerts.write_text('{"torn": ')
    words = [
        "watch",
        str(log),
        "--short",
        "2s",
        "--long",
        "4s",
        "--resolution",
        "1s",
        "--every",
        "1s",
    ]
    words += ["--from-start", "--alert-log", str(alerts), "--log-file", str(own)]
    process = subprocess.Popen(
        [*COMMAND, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment()
    )

    def until(holds: Callable[[], bool]) -> None:
        end = time.monotonic() + 20
        while not holds():
            assert time.monotonic() < end
            assert process.poll() is None
            time.sleep(0.05)

    try:
        until(own.exists)
        with log.open("a") as file:
            file.write("".join(line(n) for n in range(20)) + line(20) * 9 + line(21) * 9)
            file.write("".join(line(22 + n) for n in range(20)))
        until(lambda: alerts.read_text().count('"state"') == 2)
        assert alerts.read_text().startswith('{"torn": \n{"type":')
        first, first_own = alerts.read_text(), own.read_text()
        alerts.rename(tmp_path / "alerts.1")
        own.rename(tmp_path / "own.1")
        with log.open("a") as file:
            file.write("".join(line(50 + n) for n in range(20)) + line(70) * 9 + line(71) * 9)
            file.write("".join(line(72 + n) for n in range(20)))
        until(lambda: alerts.exists() and alerts.read_text().count('"state"') >= 2)
        until(own.exists)
    finally:
        process.terminate()
        process.wait(20)
    assert (tmp_path / "alerts.1").read_text() == first
    assert (tmp_path / "own.1").read_text() == first_own
