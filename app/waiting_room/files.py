"""Where the statuses of waiting rooms lie that a proxy serves in the site's place."""

import time
from pathlib import Path

NAME = "waiting-room.json"
"""Of each file, in a folder `events/<id>`: the path of its address, so that a proxy only looks."""
LATE_AFTER = 5.0
"""Seconds after which a file is late: nobody writes it any more."""


def file_of(folder: Path, event_id: int) -> Path:
    return folder / "events" / str(event_id) / NAME


def is_late(file: Path) -> bool:
    """Whether the file is missing, or was not written for long."""
    try:
        return time.time() - file.stat().st_mtime > LATE_AFTER
    except OSError:
        return True
