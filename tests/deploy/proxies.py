"""The proxies of deploy/, run on this machine: their own files, other addresses and folders."""

import re
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import httpx

from app.demo.servers import free_port
from app.lib.processes import stop_process

DEPLOY = Path(__file__).parents[2] / "deploy"
HOST = "tickets.example.org"
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/local/bin:/usr/bin")
CADDY = shutil.which("caddy")
ROOMS = "rooms"
"""The folder of the waiting rooms' files, beside the proxy's own."""
NOT_RUN = {
    "nginx": "NOT RUN: the site behind nginx; install it, as in `apt install nginx-light`",
    "caddy": "NOT RUN: the site behind Caddy with HTTPS; install it, as in `apt install caddy`",
}


def missing():
    """What could not be tried here, a sentence each."""
    return [NOT_RUN[name] for name, found in (("nginx", NGINX), ("caddy", CADDY)) if not found]


def replaced(text, *pairs):
    """The file with other addresses. Each must be there once, so that none goes by unnoticed."""
    for before, after in pairs:
        assert text.count(before) == 1, f"{before!r} stands {text.count(before)} times"
        text = text.replace(before, after)
    return text


@contextmanager
def nginx(folder, ports):
    """Serves the sites at these ports of this machine; answers its address."""
    port, home = free_port(), folder / "nginx"
    home.mkdir(parents=True, exist_ok=True)
    server = "server 127.0.0.1:{} max_fails=1 fail_timeout=2s;"
    temporary = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    text = replaced(
        (DEPLOY / "nginx.conf").read_text(),
        ("listen 8080;", f"listen 127.0.0.1:{port};"),
        ("server web:8000 resolve max_fails=1 fail_timeout=2s;", _lines(server, ports)),
        # The name of a container, and who knows it.
        ("        resolver 127.0.0.11 valid=5s;\n", ""),
        ("/run/nginx.pid", f"{home}/nginx.pid"),
        ("/dev/stderr", f"{home}/error.log"),
        ("/dev/stdout", f"{home}/access.log"),
        ("/var/cache/nginx/kept", f"{home}/kept"),
        ("/srv/rooms", str(folder / ROOMS)),
        # A small machine's limit may be lower, and nobody comes in thousands.
        ("worker_rlimit_nofile 65536;", "worker_rlimit_nofile 16384;"),
        ("worker_connections 16384;", "worker_connections 8192;"),
        ("    sendfile on;", _lines(f"{{0}}_temp_path {home}/{{0}};", temporary)),
    )
    (home / "nginx.conf").write_text(text)
    # Its workers are another user than root.
    command = [NGINX, "-p", home, "-c", home / "nginx.conf", "-e", home / "error.log"]
    command += ["-g", "daemon off; user root;" if home.owner() == "root" else "daemon off;"]
    with _running(command, home, {}):
        _wait_for(f"http://127.0.0.1:{port}/health", home)
        yield f"http://127.0.0.1:{port}"


@contextmanager
def caddy(folder, ports, certificate):
    """The same with HTTPS, by a certificate of our own: nobody hands out one for this machine."""
    port, home = free_port(), folder / "caddy"
    home.mkdir(parents=True, exist_ok=True)
    chain, key = home / "chain.pem", home / "key.pem"
    certificate.private_key_pem.write_to_path(key)
    for blob in certificate.cert_chain_pems:
        blob.write_to_path(chain, append=True)
    text = replaced(
        (DEPLOY / "Caddyfile").read_text(),
        ("{$SITE_HOST} {", f"https://{HOST}:{port} {{\n\tbind 127.0.0.1\n\ttls {chain} {key}"),
        (
            "\t\tdynamic a web 8000 {\n\t\t\trefresh 5s\n\t\t}\n",
            f"\t\tto {' '.join(f'127.0.0.1:{site}' for site in ports)}\n",
        ),
    )
    text = text.replace("/srv/rooms", str(folder / ROOMS))
    options = f"\tadmin off\n\tauto_https off\n\thttp_port {free_port()}\n"
    text = replaced(text, ("{\n\tservers {", f"{{\n{options}\tservers {{"))
    if _caddys_version() < (2, 6, 3):
        older = "buffer_requests\n\t\tmax_buffer_size 320KB"
        text = replaced(text, ("request_buffers 320KB", older))
    (home / "Caddyfile").write_text(text)
    command = [CADDY, "run", "--config", home / "Caddyfile", "--adapter", "caddyfile"]
    with _running(command, home, {"HOME": str(home), "XDG_DATA_HOME": str(home)}):
        yield port


def _caddys_version():
    told = subprocess.run([CADDY, "version"], capture_output=True, text=True).stdout
    return tuple(int(part) for part in re.search(r"(\d+)\.(\d+)\.(\d+)", told).groups())


def _lines(pattern, values):
    return "\n        ".join(pattern.format(value) for value in values)


@contextmanager
def _running(command, home, environment):
    with (home / "output.log").open("ab") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env=environment or None, start_new_session=True
        )
    try:
        yield
    finally:
        stop_process(process)


def _wait_for(url, home):
    for _ in range(200):
        try:
            if httpx.get(url, timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    logs = [file.read_text()[-1500:] for file in home.glob("*.log")]
    raise AssertionError("\n".join(logs))
