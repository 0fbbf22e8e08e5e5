"""What `docker build` does, done by hand: there may be no container engine where tests run.

Understood is what our Dockerfile uses. Anything else is an error, so that no step is left out.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[2]
IGNORED = {"FROM", "EXPOSE", "ENTRYPOINT"}
PLACES = ("/venv", "/srv", "/tmp")
"""Folders of the image that its steps name."""


@dataclass
class Image:
    """A folder with the image's files, and how it is to be run."""

    root: Path
    python: str | None = None
    environment: dict = field(default_factory=dict)
    workdir: str = "/"
    user: int = 0
    command: list = field(default_factory=list)
    healthcheck: list = field(default_factory=list)
    skipped: list = field(default_factory=list)

    @property
    def folder(self):
        return self.root / self.workdir.lstrip("/")

    def placed(self, text):
        """The same words, of the folder instead of the image."""
        return re.sub(rf"(?<![\w./-])({'|'.join(PLACES)})(?=/|\b)", rf"{self.root}\1", text)


def build(stage, root, *, python=None):
    """Do the steps of a stage, and before them those of the stages that it copies from, with this
    Python; without one not these: whoever runs the image then has an environment already."""
    image = Image(root, python)
    for word, rest in steps(stage):
        if word == "COPY":
            _copy(image, rest.split())
        elif word == "RUN":
            _run(image, rest)
        elif word == "ENV":
            pairs = (pair.split("=", 1) for pair in shlex.split(rest))
            image.environment |= {name: image.placed(value) for name, value in pairs}
        elif word == "WORKDIR":
            image.workdir = rest
            image.folder.mkdir(parents=True, exist_ok=True)
        elif word == "USER":
            image.user = int(rest)
        elif word == "CMD":
            image.command = json.loads(rest)
        elif word == "HEALTHCHECK":
            image.healthcheck = json.loads(rest.split(" CMD ", 1)[1])
        else:
            assert word in IGNORED, f"a step that is not understood: {word}"
    return image


def python_for(user):
    """A Python that this user may run as well as we; None where there is none."""
    # Ours may lie in somebody's home folder.
    for folder in (Path(sys.base_prefix) / "bin", Path("/usr/local/bin"), Path("/usr/bin")):
        python = folder / "python3"
        asked = "import ensurepip, sys; raise SystemExit(sys.version_info < (3, 11))"
        command = ["env", "-i", str(python), "-c", asked]
        if not subprocess.run(command, cwd="/", capture_output=True, **user).returncode:
            return str(python)
    return None


def steps(stage):
    """(word, rest) of each instruction of the stage."""
    text = re.sub(r"\\\n\s*", " ", (ROOT / "Dockerfile").read_text())
    found, here = [], False
    for line in text.splitlines():
        if line and not line.startswith("#"):
            word, rest = line.split(" ", 1)
            if word == "FROM":
                here = rest.endswith(f" AS {stage}")
            if here:
                found.append((word, rest.strip()))
    assert found, f"there is no stage {stage}"
    return found


def _copy(image, words):
    if words[0].startswith("--from="):
        if not image.python:
            return
        # Built in the same folder, where the next stage finds it already: moved, a venv is broken.
        build(words[0].removeprefix("--from="), image.root, python=image.python)
        assert words[1] == words[2]
        assert (image.root / words[1].lstrip("/")).exists()
        return
    *sources, target = words
    place = image.root / target.lstrip("/") if target.startswith("/") else image.folder / target
    for source in sources:
        assert _is_sent(source), f"{source} is kept from the image by .dockerignore"
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            at = place / Path(source).name if target.endswith("/") else place
            at.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, at)


def _run(image, command):
    if command.startswith("useradd "):
        image.skipped.append(command)  # a number is enough to run as
        return
    cwd = image.folder if image.folder.exists() else image.root
    path = f"{Path(image.python or sys.executable).parent}:{os.environ['PATH']}"
    ran = subprocess.run(
        ["sh", "-ec", image.placed(command)],
        cwd=cwd,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, f"{command}\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}"


def _is_sent(path):
    """Whether .dockerignore, which keeps everything but what it names, lets the path through."""
    sent = False
    for line in (ROOT / ".dockerignore").read_text().split():
        rule = line.lstrip("!")
        if fnmatch(path, rule) or path.startswith(f"{rule}/"):
            sent = line.startswith("!")
    return sent
