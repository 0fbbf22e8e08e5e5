"""Hooks of gunicorn's master: the folder of its workers' metrics, and the exporter process.

Standard library only: the master must not load modules that its gevent workers have yet to
monkey-patch.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable from which prometheus_client reads the folder."""
IN_MEMORY = Path("/dev/shm")  # noqa: S108


def start_exporter(master: Any, root: Path) -> None:
    """Create the folder and start the exporter, before the workers are forked."""
    in_memory = IN_MEMORY.is_dir() and os.access(IN_MEMORY, os.W_OK)
    # On a disk, writing metrics would sometimes wait for I/O.
    folder = tempfile.mkdtemp(prefix="utsavam-metrics-", dir=IN_MEMORY if in_memory else None)
    environment = {name: value for name, value in os.environ.items() if name != FOLDER}
    python_path = filter(None, [str(root), os.environ.get("PYTHONPATH")])
    master.metrics_server = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "app.exporter", folder, "--master", str(os.getpid())],
        env={**environment, "PYTHONPATH": os.pathsep.join(python_path)},
        stdin=subprocess.DEVNULL,
        # Ctrl-C must reach only the master, which then ends the exporter.
        start_new_session=True,
    )
    os.environ[FOLDER] = folder


def remove_worker_gauges(pid: int) -> None:
    """Remove the gauges of a process that has ended from the sums; its counters stay."""
    if folder := os.environ.get(FOLDER):
        for file in Path(folder).glob(f"gauge_live*_{pid}.db"):
            file.unlink(missing_ok=True)


def stop_exporter(master: Any) -> None:
    """Stop the exporter and remove the folder."""
    if (server := getattr(master, "metrics_server", None)) is None:
        return
    server.terminate()
    try:
        server.wait(5)
    except subprocess.TimeoutExpired:
        server.kill()
    shutil.rmtree(os.environ.pop(FOLDER), ignore_errors=True)
