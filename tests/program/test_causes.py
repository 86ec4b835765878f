"""What explains an alert: sections, and in a watch paths and clients too."""

from __future__ import annotations

import pytest
from tests.program.running import line, objects, run

T0 = 1_767_225_600


@pytest.fixture(scope="module")
def text() -> str:
    """A log of a surge: one path, asked for by many, most by one client."""
    rows = [line(T0 + 10 * n + 1, f"/s{n % 3}/{n % 7}", 1000) for n in range(200)]
    surge = [
        line(T0 + 10 * n + 2, "/files", 9000).replace(
            "192.0.2.1", "192.0.2.7" if n % 4 else f"192.0.2.{n}"
        )
        for n in range(150, 170)
    ]
    return "".join(sorted([*rows, *surge], key=lambda row: row.split("[")[1]))


def firing(command: str, text: str, *words: str) -> dict[str, list[tuple[str, float]]]:
    """What explains the alert, by dimension: keys and their shares."""
    ended = run(command, "-", "--output-format", "jsonl", *words, text=text)
    (alert,) = [o for o in objects(ended.stdout) if o["type"] == "alert" and o["state"] == "firing"]
    found: dict[str, list[tuple[str, float]]] = {}
    for each in alert["contributors"]:
        found.setdefault(each["dimension"], []).append((each["key"], each["share"]))
    assert [each["section"] for each in alert["sections"]] == [key for key, _ in found["section"]]
    return found


def test_a_watch_names_paths_and_clients(text: str) -> None:
    """Those that grew most; each with its part of what grew."""
    found = firing("watch", text)
    assert found["section"][0][0] == "/files"
    assert found["path"][0][0] == "/files/x"
    assert found["client"][0][0] == "192.0.2.7"
    assert all(share >= 0.05 for name in ("path", "client") for _, share in found[name])
    said = run("watch", "-", "--plain", text=text).stdout
    assert "    top contributors: /files +" in said
    assert "    top paths: /files/x +" in said
    assert "    top clients: 192.0.2.7 +" in said


def test_a_replay_names_sections(text: str) -> None:
    """A month of paths and clients takes too long to keep."""
    assert firing("replay", text).keys() == {"section"}


def test_clients_are_shown_as_they_are_elsewhere(text: str) -> None:
    """Without their last part, where they are to be anonymous."""
    found = firing("watch", text, "--anonymize", "truncate")
    assert found["client"][0][0] == "192.0.2.0"


def test_a_log_without_clients_has_none() -> None:
    """What is not logged explains nothing."""
    sizes = [9000 if 150 <= n < 170 else 1000 for n in range(200)]
    rows = [
        line(T0 + 10 * n + 1, "/a", size).split(" - - ")[1].split(' "-" ')[0] + "\n"
        for n, size in enumerate(sizes)
    ]
    found = firing("watch", "".join(rows), "--log-format", '%t "%r" %>s %B')
    assert found.keys() == {"section", "path"}
