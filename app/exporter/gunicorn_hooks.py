"""What gunicorn's master does for metrics: a folder for its workers' figures, and who serves them.

Standard library only: the master must not load what its gevent workers are yet to patch.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that tells the workers, as prometheus_client has named it."""
IN_MEMORY = Path("/dev/shm")  # noqa: S108


def start_exporter(master: Any, root: Path) -> None:
    """Make the folder, and start `app.exporter` beside the workers-to-be."""
    in_memory = IN_MEMORY.is_dir() and os.access(IN_MEMORY, os.W_OK)
    # On a disk, writing the figures would now and then wait for it.
    folder = tempfile.mkdtemp(prefix="utsavam-metrics-", dir=IN_MEMORY if in_memory else None)
    environment = {name: value for name, value in os.environ.items() if name != FOLDER}
    python_path = filter(None, [str(root), os.environ.get("PYTHONPATH")])
    master.metrics_server = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "app.exporter", folder, "--master", str(os.getpid())],
        env={**environment, "PYTHONPATH": os.pathsep.join(python_path)},
        stdin=subprocess.DEVNULL,
        # Ctrl-C is for the master, which ends it.
        start_new_session=True,
    )
    os.environ[FOLDER] = folder


def remove_worker_gauges(pid: int) -> None:
    """Take what the process had of anything off the sums; what it counted stays in them."""
    if folder := os.environ.get(FOLDER):
        for file in Path(folder).glob(f"gauge_live*_{pid}.db"):
            file.unlink(missing_ok=True)


def stop_exporter(master: Any) -> None:
    """End the server and remove the folder."""
    if (server := getattr(master, "metrics_server", None)) is None:
        return
    server.terminate()
    try:
        server.wait(5)
    except subprocess.TimeoutExpired:
        server.kill()
    shutil.rmtree(os.environ.pop(FOLDER), ignore_errors=True)
