"""gunicorn's configuration; every figure comes from the settings (see .env.example)."""

import gc
import sys

from app.config import Settings, WeakSettings

try:
    settings = Settings.load()
except WeakSettings as error:
    sys.exit(error.told)

host = f"[{settings.host}]" if ":" in settings.host else settings.host
bind = f"{host}:{settings.port}"
workers = settings.web_concurrency
worker_class = settings.worker_class
worker_connections = 2000
threads = settings.worker_threads
keepalive = 15
timeout = 30
# Longer than any request may take, so that a stop or a reload drops none.
graceful_timeout = 12
# The control socket lies in the home folder, where two sites would share it.
control_socket_disable = True
loglevel = "warning" if settings.demo else "info"


def on_starting(server):
    """Refuse to serve with weak settings, before any worker starts."""
    try:
        settings.require_strong()
    except WeakSettings as error:
        sys.exit(error.told)
    if settings.api_access == "open":
        print("utsavam: API_ACCESS=open: the API trusts any user_id (loopback only)", flush=True)


def post_worker_init(worker):
    """What the application is made of stays: collections need not look through it again."""
    gc.collect()
    gc.freeze()
