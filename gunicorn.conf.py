"""gunicorn's configuration; its variable parts come from the settings (see .env.example)."""

import gc
import os
import resource
import subprocess
import sys
from logging.config import dictConfig
from pathlib import Path

from gunicorn.glogging import Logger

from app import logs
from app.config import Settings, WeakSettings
from app.edge.connection_balance import ConnectionBalance
from app.exporter import gunicorn_hooks

try:
    settings = Settings.load(serving=True)
except WeakSettings as error:
    sys.exit(error.message)

ROOT = Path(__file__).parent
WORKERS = {
    "gevent": "app.edge.gevent_worker.GreenletWorker",
    "gthread": "app.edge.gthread_worker.ThreadWorker",
}
host = f"[{settings.host}]" if ":" in settings.host else settings.host
bind = f"{host}:{settings.port}"
workers = settings.web_concurrency
worker_class = WORKERS[settings.worker_class]
# Each connection takes a file descriptor, and many systems allow a process about 1,000 unless it
# raises its limit. 200 are left for the desk, Redis and the logs.
files, max_files = resource.getrlimit(resource.RLIMIT_NOFILE)
if files < 8192:
    files = min(8192, max_files) if max_files != resource.RLIM_INFINITY else 8192
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, max_files))
worker_connections = min(4000, files - 200)
threads = settings.worker_threads
keepalive = 15
timeout = 30
# Longer than any request may take, so that a stop or a reload drops none.
graceful_timeout = 12
# The control socket is in the home folder, where two sites would share it.
control_socket_disable = True
# Forwarded headers are trusted by PROXY_HOPS only (app/edge/addresses.py): neither from a proxy on
# this machine, nor from the addresses in FORWARDED_ALLOW_IPS, which platforms set.
forwarded_allow_ips = ""
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}
header_map = "drop"
proxy_protocol = "off"
loglevel = "warning" if settings.demo else "info"


class logger_class(Logger):
    """gunicorn's logger in our format. A `logconfig_dict` would turn its access log on as well."""

    def setup(self, cfg):
        super().setup(cfg)
        dictConfig(logs.config(settings))


def on_starting(server):
    """Refuse to serve with weak settings or too few connections, before any worker starts."""
    try:
        settings.require_strong()
    except WeakSettings as error:
        sys.exit(error.message)
    for sentence in settings.deprecations():
        server.log.warning("%s", sentence)
    python_path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": python_path}
    check = [sys.executable, "-m", "app.operations.connection_budget"]
    status = subprocess.run(check, env=environment).returncode  # noqa: S603 - our own program
    if status == os.EX_TEMPFAIL:
        server.log.warning("PostgreSQL does not answer: people are told 503 until it does")
    elif status:
        sys.exit(1)
    if settings.api_access == "open":
        server.log.warning("API_ACCESS=open: the API trusts any user_id (loopback only)")
    if settings.sign_up_tells_emails:
        server.log.warning("SIGN_UP=open without MAIL_URL: sign-up tells who has an account")


def when_ready(server):
    """Make reloads check the settings first, and start the metrics exporter if enabled."""
    reload = server.reload

    def reload_if_valid():
        """Reload unless the settings are wrong: new workers would exit, with the old ones gone."""
        try:
            Settings.load(serving=True).require_strong()
        except WeakSettings as error:
            server.log.error("Not reloaded, for the settings are wrong: %s", error)
        else:
            reload()

    server.reload = reload_if_valid
    if settings.metrics_port:
        gunicorn_hooks.start_exporter(server, ROOT)
        guard = "with METRICS_KEY" if settings.metrics_key else "without a key"
        where = f"{settings.metrics_host}:{settings.metrics_port}"
        server.log.warning("Metrics are served on %s, %s", where, guard)


balance = ConnectionBalance()


def pre_fork(_server, worker):
    worker.share = balance.begin(worker.age)


def child_exit(_server, worker):
    balance.end(worker.age)
    gunicorn_hooks.remove_worker_gauges(worker.pid)


def on_exit(server):
    gunicorn_hooks.stop_exporter(server)


def post_worker_init(worker):
    """Freeze the objects of the loaded application, so that the garbage collector skips them; and
    write the waiting rooms' files, if that is wished and no other process does."""
    gc.collect()
    gc.freeze()
    if files := getattr(worker.wsgi, "extensions", {}).get("room_files"):
        files.start()
    if settings.worker_class == "gevent":
        from gevent import get_hub

        # gevent would print the traceback of a failed greenlet to stderr, past our log format.
        get_hub().print_exception = lambda _context, *error: logs.uncaught(*error)
