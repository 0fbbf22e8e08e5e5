"""A copy of the tree in which one line may be changed, and its tests run there."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[2]
PARTS = ("app", "migrations", "static", "templates", "tests")
PATIENCE = 300
AT_THE_END = 'failed on teardown with "'
"""How pytest reports what a fixture asserts after its test."""


@dataclass
class Report:
    """What became of the tests of a copy."""

    passed: int
    failures: dict[str, str]
    """By name, the first line of what went wrong; at the end of a test too."""
    errors: dict[str, str]
    output: str


def copy_tree(to):
    """The files that git knows, as they are now; all of them where there is no git."""
    for path in known_files():
        source, target = ROOT / path, to / path
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)


def known_files():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if not listed.returncode and listed.stdout:
        return [path for path in listed.stdout.split("\0") if path]
    parts = [path for part in PARTS for path in (ROOT / part).rglob("*")]
    tops = [path for path in ROOT.iterdir() if path.is_file()]
    return [str(path.relative_to(ROOT)) for path in parts + tops if "__pycache__" not in str(path)]


def change_line(tree, file, line, changed):
    """The line must be there, once: a mutant that changes nothing proves nothing."""
    path = tree / file
    lines = path.read_text().splitlines(keepends=True)
    found = [i for i, there in enumerate(lines) if there.strip() == line]
    assert len(found) == 1, f"{file} holds {len(found)} times the line: {line}"
    lines[found[0]] = lines[found[0]].replace(line, changed)
    path.write_text("".join(lines))


def run_tests(tree, tests):
    results = tree / "results.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-x"]
    # The short version of what our own runs leave to `make faults`, too.
    command += ["-m", "short or not whole"]
    ran = subprocess.run(
        [*command, f"--junitxml={results}", *tests],
        cwd=tree,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return read_report(results, ran.stdout + ran.stderr)


def read_report(results, output):
    assert results.exists(), output
    report = Report(0, {}, {}, output)
    for case in ElementTree.parse(results).iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        troubles = [child for child in case if child.tag in {"failure", "error"}]
        report.passed += not troubles and case.find("skipped") is None
        # What comes after a failure, when the test is cleared away, may come of it.
        if troubles and name not in report.failures:
            message = troubles[0].get("message", "")
            asserted = troubles[0].tag == "failure" or message.startswith(AT_THE_END)
            kind = report.failures if asserted else report.errors
            kind[name] = message.removeprefix(AT_THE_END)
    return report
