"""Where a whole evening is played: a site of its own, as it is served, and ended afterwards."""

import contextlib
import os
import secrets
import shutil
import subprocess
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psycopg
import redis

from app.demo.servers import Postgres, RedisServer, free_port
from tests.load.bench.stage import ROOT, end, serve

NGINX = """
worker_processes 1;
worker_rlimit_nofile 20000;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
events {{ worker_connections 18000; }}
http {{
    access_log off;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    types {{ application/json json; }}
    upstream site {{ server 127.0.0.1:{site}; keepalive 64; keepalive_timeout 10s; }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $remote_addr;
        location / {{ proxy_pass http://site; }}
        location ~ ^/events/[0-9]+/waiting-room\\.json$ {{
            root {files};
            if ($arg_late) {{ rewrite ^ /late last; }}
            try_files $uri @site;
        }}
        location @site {{ proxy_pass http://site; }}
        error_page 502 504 =503 @away;
        location @away {{ return 503; }}
    }}
}}
"""
NEVER = "100000000 per minute"
"""Counted as ever, and never reached: one address is the whole city here."""
LIMITS = ("LIMIT_API", "LIMIT_API_ADDRESS", "LIMIT_BOOKING_ADDRESS", "LIMIT_JOINING")


@dataclass
class Stage:
    url: str
    database: Postgres
    redis: RedisServer
    roots: dict
    """Process ids by the part of the site."""
    event: int
    slug: str
    calm: int
    """An event without a waiting room."""
    token: str
    """Of an account whose program tries to book with others' tickets."""

    def sql(self, query, *values):
        with psycopg.connect(self.database.libpq, autocommit=True) as connection:
            cursor = connection.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    def shorten_passes(self, seconds):
        """Let passes last seconds instead of minutes; the room reads it anew with each setting."""
        client = redis.Redis(port=self.redis.port)
        client.hset(f"{{event:{self.event}}}:waiting-room", "lasts", seconds)
        client.close()

    def open_in(self, seconds):
        """Have the event's sales open then; what the site knows of it is a second old at most."""
        opens = timedelta(seconds=seconds)
        self.sql("UPDATE events SET sales_open_at = now() + %s WHERE id = %s", opens, self.event)


@contextlib.contextmanager
def staged(options):
    """The site, with an event whose sales open `options.opens` seconds after the call."""
    with contextlib.ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="uc-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        database, valkey = Postgres(folder / "pg"), RedisServer(folder / "redis")
        files = folder / "rooms"
        files.mkdir()
        environment = {
            **os.environ,
            "DATABASE_URL": database.start(),
            "REDIS_URL": valkey.start(),
            "ADMIN_KEY": secrets.token_urlsafe(32),
            "SECRET_KEY": secrets.token_urlsafe(32),
            "API_ACCESS": "token",
            "WEB_CONCURRENCY": str(options.workers),
            "PYTHONPATH": str(ROOT),
            "DEMO": "0",
            **dict.fromkeys(LIMITS, NEVER),
        }
        if options.proxy == "nginx":
            environment |= {"WAITING_ROOM_FILES": str(files), "PROXY_HOPS": "1"}
        stack.callback(database.stop)
        stack.callback(valkey.stop)
        os.environ.update(environment)
        made = prepare(options)
        site = serve(stack, folder, environment, options.site, "/ready")
        roots = {
            "workers": _listening(site),
            "PostgreSQL": _postmaster(database),
            "Valkey": valkey.pid,
        }
        url = site
        if options.proxy == "nginx":
            url, roots["nginx"] = _nginx(stack, folder, files, site)
        yield Stage(url, database, valkey, roots, *made)


def prepare(options):
    """The tables, an event with a waiting room, and one without."""
    import flask_migrate

    from app import create_app
    from app.db import transaction
    from app.models import Event, User
    from app.models.columns import now
    from app.services.api_tokens import create_api_token
    from app.services.room_settings import change_room

    app = create_app()
    with app.app_context():
        flask_migrate.upgrade()
        start, seats = now() + timedelta(days=30), options.seats
        with transaction() as session:
            # Opened by the crowd, once the site runs.
            opens = now() + timedelta(hours=1)
            facts = {"start_at": start, "venue": "The Hall", "city": "Bengaluru"}
            hall = Event(
                name="Evening", capacity=seats, seats_available=seats, sales_open_at=opens, **facts
            )
            calm = Event(name="Calm", capacity=1_000_000, seats_available=1_000_000, **facts)
            program = User(email="program@city.example")
            session.add_all([hall, calm, program])
            session.flush()
            ids = hall.id, hall.slug, calm.id
        _token, secret = create_api_token(program.id, "jumps")
        pace = {"measured": True} if options.measured else {"per_minute": options.pace * 60}
        changes = {"mode": "on", **pace}
        change_room(app.extensions["waiting_rooms"], ids[0], changes)
    return *ids, secret


def _listening(site):
    import psutil

    port = int(site.rpartition(":")[2])
    for process in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            if any(one.laddr.port == port for one in process.net_connections("inet")):
                return process.pid
    raise RuntimeError("the site's process was not found")


def _postmaster(database):
    return int((database.data / "postmaster.pid").read_text().split()[0])


def _nginx(stack, folder, files, site):
    port = free_port()
    facts = {"folder": folder, "files": files, "site": site.rpartition(":")[2], "port": port}
    (folder / "nginx.conf").write_text(NGINX.format(**facts))
    # Its processes are to read what the site's have written, in a folder of ours.
    user = ["-g", "user root;"] if os.getuid() == 0 else []
    process = subprocess.Popen(
        ["nginx", "-e", str(folder / "nginx.log"), "-c", str(folder / "nginx.conf"), *user],
        start_new_session=True,
    )
    stack.callback(end, process)
    url = f"http://127.0.0.1:{port}"
    for _ in range(100):
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{url}/health", timeout=2)
            return url, process.pid
        time.sleep(0.05)
    raise RuntimeError((folder / "nginx.log").read_text())
