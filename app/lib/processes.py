"""Ending processes that we started, and no others."""

import contextlib
import subprocess

STOP_TIMEOUT = 20.0


def stop_process(process: "subprocess.Popen[bytes]") -> None:
    """Terminate the process, and kill it if it still runs after twenty seconds."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def end_if_ours(pid_text: str, folder: str) -> bool:
    """End the process if it runs in our folder; return whether it was ended.

    Its pid may have been reused by another process.
    """
    import psutil

    with contextlib.suppress(ValueError, psutil.Error):
        process = psutil.Process(int(pid_text))
        if process.cwd() == folder or folder in " ".join(process.cmdline()):
            process.terminate()
            process.wait(STOP_TIMEOUT)
            return True
    return False
