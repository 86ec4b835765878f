"""Log formats out of the configurations of servers."""

from __future__ import annotations

from pathlib import Path

import pytest

from hitwatch.errors import FormatError, InputError
from hitwatch.formats.format import Layout
from hitwatch.formats.registry import builtin
from hitwatch.lookup.server_config import format_from_config

NGINX = """
user www-data;  # don't stumble over quotes in comments
events { worker_connections 768; }
http {
    log_format  main  '$remote_addr [$time_local] "$request" '
                      '$status "it\\'s $http_referer"';
    log_format  objects escape=json '{"t":"$time_iso8601","s":$status}';
    access_log  /var/log/nginx/access.log  main buffer=32k;
    include conf.d/*.conf;
}
"""
SITE = """
server {
    listen 80;
    access_log /var/log/nginx/api.log objects;
    access_log off;
    location / { content_by_lua_block { ngx.say("it's") -- don't } } }
    include ../nginx.conf;
}
"""
APACHE = r"""
# LogFormat "%Z" wrong
ServerRoot "."
LogFormat "%v:%p %h %l %u %t \"%r\" %>s %O" vhost_combined
LogFormat "%h %l %u %t \"%r\" %>s %O" common
IncludeOptional sites
IncludeOptional missing/*.conf
"""
VHOST = r"""
<VirtualHost *:80>
    ErrorLog ${APACHE_LOG_DIR}/error.log
    CustomLog ${APACHE_LOG_DIR}/access.log \
        vhost_combined env=!quiet
    Include apache2.conf
</VirtualHost>
"""


def write(folder: Path, **files: str) -> None:
    """Write files; ``__`` in a name is a folder, ``_`` the point before its suffix."""
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_the_one_format_of_nginx(tmp_path: Path) -> None:
    """A configuration with one format needs no name of it."""
    write(tmp_path, nginx_conf=NGINX)
    log_format = format_from_config(str(tmp_path / "nginx.conf"))
    assert log_format.title.endswith('"$request" $status "it\'s $http_referer"')


def test_several_formats_of_nginx(tmp_path: Path) -> None:
    """Where several are in use, the error lists them, and a name or a log chooses."""
    write(tmp_path, nginx_conf=NGINX, site_conf="")
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "site.conf").write_text(SITE)
    path = str(tmp_path / "nginx.conf")
    with pytest.raises(FormatError, match=r"several(?s:.)*main: (?s:.)*objects: (?s:.)*api\.log"):
        format_from_config(path)
    assert format_from_config(path, "main").layout is Layout.POSITIONAL
    for name in ("objects", "/var/log/nginx/api.log", "api.log"):
        assert format_from_config(path, name).layout is Layout.JSON
    with pytest.raises(FormatError, match="did you mean main"):
        format_from_config(path, "mian")


@pytest.mark.parametrize("log", ["", "access_log /a.log;", "access_log /a.log combined if=$x;"])
def test_what_is_built_into_nginx(tmp_path: Path, log: str) -> None:
    """Without a format of its own, nginx writes what it calls combined."""
    write(tmp_path, nginx_conf=f"http {{ {log} }}")
    assert format_from_config(str(tmp_path / "nginx.conf")) is builtin()["nginx-default"]


def test_a_part_of_a_configuration(tmp_path: Path) -> None:
    """A format that is defined elsewhere is not guessed at."""
    write(tmp_path, site_conf="server { access_log /var/log/nginx/a.log main; }")
    for name in (None, "a.log"):
        with pytest.raises(FormatError, match=r"undefined log format 'main', used by .*a\.log"):
            format_from_config(str(tmp_path / "site.conf"), name)


def test_apache(tmp_path: Path) -> None:
    """Virtual hosts in included files say which of the formats is used."""
    write(tmp_path, apache2_conf=APACHE, sites__a_conf=VHOST)
    path = str(tmp_path / "apache2.conf")
    for name in (None, "vhost_combined", "/var/log/apache2/access.log", "access.log"):
        assert format_from_config(path, name).fills("host")
    assert not format_from_config(path, "common").fills("host")


def test_apache_without_names(tmp_path: Path) -> None:
    """A log may have its format beside it, or be written in the last one without a name."""
    write(tmp_path, a_conf='CustomLog a.log "%h %t %>s"', b_conf='LogFormat "%h %D"\nTransferLog b')
    assert format_from_config(str(tmp_path / "a.conf")).fills("status")
    assert format_from_config(str(tmp_path / "b.conf")).fills("duration_s")


def test_apache_without_logs(tmp_path: Path) -> None:
    """A configuration that writes no log gives no format."""
    write(tmp_path, a_conf="Listen 80\n")
    with pytest.raises(FormatError, match="no log format is defined"):
        format_from_config(str(tmp_path / "a.conf"))


def test_caddy(tmp_path: Path) -> None:
    """Caddy's transform to the common format is known; its console is for people."""
    site = "example.com {\n  log {\n    output file /x\n    format %s\n  }\n}\n"
    write(tmp_path, Caddyfile=site % 'transform "{common_log}"', caddy_json='{"logging": {}}')
    assert format_from_config(str(tmp_path / "Caddyfile")) is builtin()["common"]
    write(tmp_path, Caddyfile=site % "console")
    with pytest.raises(FormatError, match="format json"):
        format_from_config(str(tmp_path / "Caddyfile"))


def test_what_is_no_configuration(tmp_path: Path) -> None:
    """A file of another kind, and one that cannot be read, are named in the error."""
    write(tmp_path, notes_txt="buy milk\n")
    with pytest.raises(FormatError, match=r"notes\.txt: not a configuration"):
        format_from_config(str(tmp_path / "notes.txt"))
    with pytest.raises(InputError, match=r"missing\.conf: no such file"):
        format_from_config(str(tmp_path / "missing.conf"))


def test_errors_name_the_file(tmp_path: Path) -> None:
    """What is wrong in an included file is told with the name of that file."""
    write(tmp_path, nginx_conf="http { include bad.conf; }", bad_conf="log_format x '$status;")
    with pytest.raises(FormatError, match=r"bad\.conf: unclosed quote"):
        format_from_config(str(tmp_path / "nginx.conf"))
