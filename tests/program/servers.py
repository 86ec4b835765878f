"""Real web servers on free ports of this machine, with logs and settings of their own."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

MODULES = Path("/usr/lib/apache2/modules")


def require(program: str) -> str:
    """The path of a program; without it the test is skipped, and in CI it fails."""
    path = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if path is None:
        reason = f"{program} is not installed"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Server:
    """A running server.

    Attributes:
        port: on 127.0.0.1.
        log: its access log.
        process: its main process.
        reopen_signal: what makes it open its log anew.
    """

    port: int
    log: Path
    process: subprocess.Popen[bytes]
    reopen_signal: int

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str) -> None:
        """Request a path; any answer will do."""
        try:
            urllib.request.urlopen(self.url + path, timeout=10).read()
        except urllib.error.HTTPError as error:
            error.close()

    def load(self, path: str, requests: int) -> None:
        """Request a path many times at once."""
        words = ["-q", "-n", str(requests), "-c", "4", self.url + path]
        ended = subprocess.run(
            [require("ab"), *words], capture_output=True, text=True, timeout=120, check=True
        )
        complete = re.search(r"Complete requests:\s+(\d+)", ended.stdout)
        assert complete
        assert int(complete[1]) == requests

    def rotate(self) -> None:
        """Rename the log and have a new one begun, as logrotate does."""
        self.log.rename(f"{self.log}.1")
        self.process.send_signal(self.reopen_signal)
        end = time.monotonic() + 20
        while not self.log.exists():
            assert time.monotonic() < end
            time.sleep(0.05)


def _site(folder: Path) -> Path:
    root = folder / "site"
    for name, size in (("index.html", 500), ("shop/cart", 2000), ("img/a.png", 30_000)):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * size)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o777)
    for parent in list(folder.parents)[:3]:
        if parent.is_relative_to("/tmp") and parent != Path("/tmp"):
            parent.chmod(0o755)
    return root


@contextmanager
def _running(
    words: list[str], port: int, log: Path, reopen: int, *, logs_to_stdout: bool = False
) -> Iterator[Server]:
    out = log.open("wb") if logs_to_stdout else None
    # HAProxy logs the time of its zone without saying which that is.
    environment = {**os.environ, "TZ": "UTC0"} if out else None
    process = subprocess.Popen(
        words, stdout=out or subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment
    )
    if out:
        out.close()
    server = Server(port, log, process, reopen)
    try:
        end = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert process.poll() is None, process.stderr and process.stderr.read()
                assert time.monotonic() < end
                time.sleep(0.05)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        if process.stderr:
            process.stderr.close()


@contextmanager
def nginx(
    folder: Path, log_format: str | None = None, *, syslog: str | None = None
) -> Iterator[Server]:
    """Debian's nginx, with its default format or another, into a file or to a syslog server."""
    program, port, log = require("nginx"), free_port(), folder / "access.log"
    named = f"log_format own {log_format};" if log_format else ""
    name = "own" if log_format else "combined"
    target = f"syslog:{syslog} {name}" if syslog else f"{log} {name} buffer=4k flush=1s"
    (folder / "nginx.conf").write_text(
        f"""
        daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
        events {{ worker_connections 64; }}
        http {{
            client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
            fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
            scgi_temp_path {folder}/scgi;
            {named}
            access_log {target};
            server {{ listen 127.0.0.1:{port}; root {_site(folder)};
                      location /gone {{ return 500; }} }}
        }}
        """
    )
    words = [program, "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]
    with _running(words, port, log, signal.SIGUSR1) as server:
        yield server


@contextmanager
def apache(
    folder: Path, log_format: str = r"%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\""
) -> Iterator[Server]:
    """Debian's Apache, with the combined format or another."""
    program, port, log = require("apache2"), free_port(), folder / "access.log"
    modules = ["mpm_event", "authz_core", "dir", "mime", "alias"]
    loads = "\n".join(
        f"LoadModule {name}_module {MODULES}/mod_{name}.so"
        for name in modules
        if (MODULES / f"mod_{name}.so").exists()
    )
    (folder / "apache.conf").write_text(
        f"""
        ServerRoot {folder}
        {loads}
        ServerName localhost
        Listen 127.0.0.1:{port}
        PidFile {folder}/pid
        User www-data
        Group www-data
        ErrorLog {folder}/error.log
        TypesConfig /etc/mime.types
        DocumentRoot {_site(folder)}
        LogFormat "{log_format}" own
        CustomLog {log} own
        Redirect 500 /gone
        <Directory {folder}>
            Require all granted
        </Directory>
        """
    )
    words = [program, "-f", f"{folder}/apache.conf", "-DFOREGROUND"]
    with _running(words, port, log, signal.SIGUSR1) as server:
        yield server


@contextmanager
def haproxy(folder: Path, log_format: str = "option httplog") -> Iterator[Server]:
    """Debian's HAProxy, answering by itself; its log comes without syslog's prefix."""
    program, port, log = require("haproxy"), free_port(), folder / "access.log"
    settings = folder / "haproxy.cfg"
    settings.write_text(
        f"""
global
    # Of several threads that log to a descriptor at once, all but one drop their line.
    nbthread 1
    log stdout len 8192 format raw local0
defaults
    mode http
    log global
    {log_format}
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend site
    bind 127.0.0.1:{port}
    http-request capture req.hdr(User-Agent) len 200
    http-request return status 404 content-type text/plain string "none" if {{ path_beg /missing }}
    http-request return status 200 content-type text/plain string "found"
"""
    )
    words = [program, "-db", "-f", str(settings)]
    with _running(words, port, log, signal.SIGHUP, logs_to_stdout=True) as server:
        yield server


@contextmanager
def caddy(folder: Path) -> Iterator[Server]:
    """Debian's Caddy, writing its JSON."""
    program, port, log = require("caddy"), free_port(), folder / "access.log"
    settings = folder / "Caddyfile"
    settings.write_text(
        f"""
{{
    admin off
    auto_https off
}}
http://127.0.0.1:{port} {{
    root * {_site(folder)}
    file_server
    log {{
        output file {log}
    }}
}}
"""
    )
    os.environ.setdefault("XDG_DATA_HOME", str(folder))
    words = [program, "run", "--config", str(settings), "--adapter", "caddyfile"]
    with _running(words, port, log, signal.SIGUSR1) as server:
        yield server


@contextmanager
def squid(folder: Path, behind: Server, log_format: str = "squid") -> Iterator[Server]:
    """Debian's Squid in front of another server."""
    program, port, log = require("squid"), free_port(), folder / "squid.log"
    folder.chmod(0o777)
    settings = folder / "squid.conf"
    settings.write_text(
        f"""
http_port 127.0.0.1:{port} accel defaultsite=127.0.0.1
cache_peer 127.0.0.1 parent {behind.port} 0 no-query originserver no-digest
cache deny all
cache_log {folder}/cache.log
pid_filename {folder}/squid.pid
coredump_dir {folder}
access_log stdio:{log} {log_format}
http_access allow all
shutdown_lifetime 0 seconds
pinger_enable off
strip_query_terms off
"""
    )
    words = [program, "-N", "-n", f"hw{port}", "-f", str(settings)]
    with _running(words, port, log, signal.SIGUSR1) as server:
        yield server


@contextmanager
def varnish(folder: Path, behind: Server) -> Iterator[Server]:
    """Debian's Varnish in front of another server, its log written by varnishncsa."""
    program, port, log = require("varnishd"), free_port(), folder / "varnish.log"
    work = folder / "work"
    words = [program, "-F", "-n", str(work), "-a", f"127.0.0.1:{port}"]
    words += ["-b", f"127.0.0.1:{behind.port}", "-j", "none"]
    with _running(words, port, log, signal.SIGHUP) as server:
        writer = subprocess.Popen([require("varnishncsa"), "-n", str(work), "-w", str(log)])
        try:
            end = time.monotonic() + 20
            # It writes what is asked for once it has found the server's memory.
            while not log.exists() or not log.stat().st_size:
                assert time.monotonic() < end
                server.get("/probe")
                time.sleep(0.1)
            yield server
        finally:
            writer.terminate()
            writer.wait(20)
