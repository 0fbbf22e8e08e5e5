"""Ending processes that we started, and none that we did not."""

import contextlib
import subprocess

STOP_PATIENCE = 20.0


def stop_process(process: "subprocess.Popen[bytes]") -> None:
    """Ask it to end, and make it after twenty seconds."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def end_if_ours(pid_text: str, folder: str) -> bool:
    """End the noted process if it works in our folder: its number may be another's by now."""
    import psutil

    with contextlib.suppress(ValueError, psutil.Error):
        process = psutil.Process(int(pid_text))
        if process.cwd() == folder or folder in " ".join(process.cmdline()):
            process.terminate()
            process.wait(STOP_PATIENCE)
            return True
    return False
