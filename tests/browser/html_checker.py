"""Is the HTML valid? By the W3C's own checker (vnu) where Java and npm are there, else by html5lib.

vnu is 30 MB of Java, which we neither vendor nor fetch twice: it is kept in `build/`. `VNU_JAR`
names another copy.
"""

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import html5lib

VERSION = "26.9.27"
KEPT = Path(__file__).parents[2] / "build" / f"vnu-{VERSION}.jar"
OURS = r".*Attribute .hx-.*"
"""HTMX's attributes, which no standard knows."""
NOT_RUN = (
    "HTML was checked by html5lib alone: for the W3C's checker Java and npm are needed, or its "
    "vnu.jar in VNU_JAR"
)


def check(documents, folder):
    """Raise `AssertionError` for what is wrong in the documents, by name."""
    if jar := jar_file():
        _check_by_vnu(jar, documents, folder)
    else:
        _check_by_html5lib(documents)


def _check_by_vnu(jar, documents, folder):
    for name, text in documents.items():
        (folder / f"{name}.html").write_text(text)
    # It runs for seconds: compiled well, its own code would take longer to compile than to run.
    quick = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xss2m"]
    command = ["java", *quick, "-jar", str(jar), "--stdout", "--filterpattern", OURS, str(folder)]
    found = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert found.returncode == 0, found.stdout + found.stderr


def _check_by_html5lib(documents):
    for name, text in documents.items():
        try:
            html5lib.HTMLParser(strict=True).parse(text)
        except html5lib.html5parser.ParseError as error:
            raise AssertionError(f"{name}: {error}") from None


def jar_file():
    """vnu's jar, fetched once by npm; None where it can't be had or run."""
    if not shutil.which("java"):
        return None
    if named := os.environ.get("VNU_JAR"):
        return Path(named)
    if not KEPT.exists() and shutil.which("npm"):
        _fetch()
    return KEPT if KEPT.exists() else None


def _fetch():
    KEPT.parent.mkdir(exist_ok=True)
    npm = ["npm", "pack", f"vnu-jar@{VERSION}", "--silent", "--pack-destination", str(KEPT.parent)]
    packed = subprocess.run(npm, capture_output=True, text=True, timeout=180)
    if packed.returncode:
        return
    package = KEPT.parent / packed.stdout.split()[-1]
    with tarfile.open(package) as files:
        jar = files.extractfile("package/build/dist/vnu.jar").read()
    KEPT.with_suffix(".part").write_bytes(jar)
    KEPT.with_suffix(".part").rename(KEPT)
    package.unlink()
