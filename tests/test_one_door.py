"""Files are written through ``hitwatch.outputs`` alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import hitwatch

SOURCE = Path(hitwatch.__file__).parent

WRITING = {
    *("write_text", "write_bytes", "touch", "unlink", "rename", "rmdir", "symlink_to"),
    *("hardlink_to", "truncate", "ftruncate", "copyfile", "copyfileobj", "move", "rmtree"),
    *("remove", "removedirs", "renames", "mkdir", "makedirs", "mkfifo", "mknod", "link", "symlink"),
    *("FileHandler", "WatchedFileHandler", "RotatingFileHandler", "TimedRotatingFileHandler"),
    *("NamedTemporaryFile", "TemporaryFile", "SpooledTemporaryFile", "mkstemp", "mkdtemp"),
    *("O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND", "chmod", "chown", "dup2"),
    *("sink_csv", "sink_ndjson", "write_ipc", "write_excel", "write_avro", "write_delta"),
}
"""Names that something is written, moved or removed by."""


def opened_for_writing(call: ast.Call) -> bool:
    """Whether a call is an ``open`` with a mode that writes."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else None
    name = call.func.id if isinstance(call.func, ast.Name) else name
    if name not in ("open", "FileIO", "fdopen"):
        return False
    words = [*call.args, *(word.value for word in call.keywords if word.arg == "mode")]
    modes = [w.value for w in words if isinstance(w, ast.Constant) and isinstance(w.value, str)]
    return any(set(mode) <= set("rwaxbt+") and set(mode) & set("wax+") for mode in modes)


def doors(text: str) -> Iterator[tuple[int, str]]:
    """Places of a source text where a file is written."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and node.attr in WRITING:
            yield node.lineno, node.attr
        elif isinstance(node, ast.Name) and node.id in WRITING:
            yield node.lineno, node.id
        elif isinstance(node, ast.Call) and opened_for_writing(node):
            yield node.lineno, "open"


def test_one_door() -> None:
    """No module but those of ``outputs`` opens, moves or removes a file."""
    found = [
        f"{path.relative_to(SOURCE)}:{number}: {name}"
        for path in sorted(SOURCE.rglob("*.py"))
        if path.relative_to(SOURCE).parts[0] != "outputs"
        for number, name in doors(path.read_text())
    ]
    assert found == []


def test_the_door_is_seen() -> None:
    """Each way to write is one that the search knows."""
    for text in (
        "open('x', 'w')",
        "path.open('ab')",
        "path.open(mode='x')",
        "os.fdopen(1, 'wb')",
        "path.write_text('')",
        "os.open(path, os.O_WRONLY)",
        "from os import unlink\nunlink('x')",
        "shutil.copyfile(a, b)",
        "logging.FileHandler(path)",
    ):
        assert list(doors(text)), text
    assert not list(doors("open('access.log')\npath.open('rb')\nos.open(path, os.O_RDONLY)"))
    outputs = SOURCE / "outputs"
    assert all(list(doors((outputs / f"{n}.py").read_text())) for n in ("replacing", "appending"))
