"""Make `.venv` and install one lock into it. Standard library only: nothing is installed yet.

usage: python tools/setup.py demo|test|audit
"""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
VENV = ROOT / ".venv"
COVERS = {"demo": ("demo", "test", "audit"), "test": ("test", "audit"), "audit": ("audit",)}
"""The locks that include each lock: once `test` is installed, `demo` needs nothing more."""


def main() -> None:
    if len(sys.argv) != 2 or sys.argv[1] not in COVERS:
        sys.exit(__doc__)
    name = sys.argv[1]
    if sys.version_info < (3, 11):
        fail(f"Python 3.11 or later is needed; this is {sys.version.split()[0]}")
    if any(stamp(lock).exists() for lock in COVERS[name]):
        return
    make_venv()
    install(name)
    stamp(name).touch()


def make_venv() -> None:
    if (VENV / "bin" / "pip").exists():
        return
    print("Making .venv …", flush=True)
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(VENV)], capture_output=True, text=True
    )
    if made.returncode:
        if "ensurepip" in made.stdout + made.stderr:
            fail("Python's venv module is incomplete; on Debian: apt install python3-venv")
        reason = (made.stderr or made.stdout).strip().split("\n")[-1]
        fail(f"the folder .venv can't be made: {reason}")


def install(name: str) -> None:
    lock = ROOT / "requirements" / f"{name}.txt"
    total = len(re.findall(r"^\S+==", lock.read_text(), re.MULTILINE))
    print(f"Installing {total} pinned packages …", flush=True)
    command = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--require-hashes"]
    command += ["--progress-bar", "off", "--disable-pip-version-check", "-r", str(lock)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as pip:
        lines = follow(pip, total)
    if pip.returncode:
        sys.stderr.write("".join(lines[-15:]))
        fail("the packages can't be installed; pip's last lines stand above")
    compile_all()


def compile_all() -> None:
    """Compile all modules: with PYTHONDONTWRITEBYTECODE each process would compile 1,000."""
    folders = [str(VENV / "lib"), str(ROOT / "app")]
    subprocess.run([str(VENV / "bin" / "python"), "-m", "compileall", "-qq", "-j0", *folders])


def follow(pip: "subprocess.Popen[str]", total: int) -> list[str]:
    """Show pip's progress, as an updated line on a terminal; return the lines of its output."""
    lines, seen = [], 0
    for line in pip.stdout or ():
        lines.append(line)
        if match := re.match(r"(?:Collecting|Requirement already satisfied:) ([\w.\[\]-]+)", line):
            seen += 1
            if sys.stdout.isatty():
                print(f"\r  {seen}/{total} {match[1]:<30}", end="", flush=True)
            elif seen % 20 == 0:
                print(f"  {seen}/{total}", flush=True)
        elif line.startswith("Installing collected"):
            print(("\r" if sys.stdout.isatty() else "") + f"  unpacking {'':<35}", flush=True)
    return lines


def stamp(lock: str) -> Path:
    """Return the path that marks this version of the lock as installed by this Python."""
    text = (ROOT / "requirements" / f"{lock}.txt").read_bytes()
    digest = hashlib.sha256(text + sys.version.encode()).hexdigest()[:16]
    return VENV / f".installed-{lock}-{digest}"


def fail(message: str) -> None:
    sys.exit(f"utsavam: {message}")


if __name__ == "__main__":
    main()
