"""What we ship of others: the files unchanged, the licences known, the list of it all valid."""

import json
import shutil
import subprocess
import sys

import pytest

from tools import parts
from tools.audit import UNREACHABLE, judge
from tools.vendored import FOLDERS, ROOT, faults, vendored

HTMX = "static/vendor/htmx@2.0.11/htmx.min.js"


@pytest.fixture
def copy(tmp_path):
    """The vendored files and their lists, to be changed."""
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "static/icons.svg", tmp_path / "static/icons.svg")
    return tmp_path


def test_every_vendored_file_is_the_one_that_was_listed():
    assert len(vendored()) >= 15
    assert faults(ROOT) == []


def test_a_changed_file_is_told(copy):
    assert faults(copy) == []
    with (copy / HTMX).open("ab") as file:
        file.write(b" ")
    assert faults(copy) == [f"{HTMX} is not the file that was listed"]


def test_a_missing_file_is_told(copy):
    (copy / "static/icons.svg").unlink()
    assert faults(copy) == ["static/icons.svg is missing"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_file_that_nobody_listed_is_told(copy, folder):
    (copy / folder / "more.js").touch()
    assert faults(copy) == [f"{folder}/more.js is in no list"]


def test_a_row_that_is_taken_away_leaves_a_file_that_nobody_listed(copy):
    readme = copy / "static/vendor/README.md"
    rows = readme.read_text().splitlines(keepends=True)
    readme.write_text("".join(row for row in rows if "htmx.min.js" not in row))
    assert faults(copy) == [f"{HTMX} is in no list"]


@pytest.mark.long
def test_all_that_is_served_may_be_served_under_our_licence():
    licences = {name: parts.licence_of(name) for name in parts.locked("payments")}
    licences |= {one.file: one.licence for one in vendored() if one.is_served}
    assert len(licences) > 60
    assert {part: told for part, told in licences.items() if not parts.is_allowed(told)} == {}


@pytest.mark.long
@pytest.mark.parametrize(
    ("licence", "allowed"),
    [
        ("MIT", True),
        ("GPL-3.0-or-later", False),
        ("MIT AND GPL-2.0-only", False),
        ("GPL-2.0-only OR MIT", True),
        ("ISC AND MIT", True),
        ("Proprietary", False),
    ],
)
def test_a_licence_that_we_may_not_serve_is_refused(licence, allowed):
    assert parts.is_allowed(licence) == allowed


@pytest.mark.long
def test_a_package_without_a_licence_is_asked_about(monkeypatch):
    monkeypatch.delitem(parts.READ, "resvg-py")
    with pytest.raises(KeyError, match="resvg-py tells no licence"):
        parts.licence_of("resvg-py")


def test_the_page_of_licences_is_what_make_licences_would_write():
    assert parts.LICENCES.read_text() == parts.licences_page()


@pytest.mark.whole
def test_the_list_of_what_is_served_is_valid_cyclonedx():
    # Here alone: to import it takes three seconds.
    from cyclonedx.validation.json import JsonStrictValidator

    made = parts.sbom()
    validator = JsonStrictValidator(parts.SCHEMA)
    assert validator.validate_str(json.dumps(made)) is None
    assert validator.validate_str(json.dumps({**made, "components": [{"name": "x"}]}))


def test_the_list_holds_every_package_and_vendored_file_that_is_served():
    made = parts.sbom()
    packages = {parts.canonicalize_name(one["name"]) for one in made["components"]}
    assert parts.locked("payments") & parts.installed().keys() <= packages
    files = {
        file["name"]: file["hashes"][0]["content"]
        for one in made["components"]
        for file in one.get("components", [])
    }
    assert files == {one.file: one.sha256 for one in vendored() if one.is_served}
    assert not {"pytest", "ruff", "axe-core"} & packages


def test_whatever_the_list_points_at_is_in_it():
    made = parts.sbom()
    known = {one["bom-ref"] for one in [*made["components"], made["metadata"]["component"]]}
    for one in made["dependencies"]:
        assert {one["ref"], *one["dependsOn"]} <= known


def package(**facts):
    return {"name": "thing", "version": "1.0", "vulns": [], **facts}


FAULT = {"id": "PYSEC-2026-1", "fix_versions": ["1.1", "2.0"]}
ABSENT = {"name": "other", "skip_reason": "Dependency not found on PyPI: other (1.0)"}


@pytest.mark.parametrize(
    ("packages", "sentences", "status"),
    [
        ([package(), package()], ["2 packages, no known fault"], 0),
        (
            [package(vulns=[FAULT]), package()],
            ["thing 1.0: PYSEC-2026-1, repaired in 1.1, 2.0"],
            1,
        ),
        ([package(), ABSENT], ["Dependency not found on PyPI: other (1.0)"], 1),
        # pip-audit itself calls this "no known vulnerabilities", and exits with 0.
        ([ABSENT, ABSENT], [UNREACHABLE], 0),
    ],
)
def test_an_audit_is_judged_by_what_was_found_out(packages, sentences, status):
    assert judge(json.dumps({"dependencies": packages}), "") == (sentences, status)


def test_an_audit_that_reached_nobody_says_so_and_one_that_broke_fails():
    assert judge("", "requests.exceptions.ConnectionError: …") == ([UNREACHABLE], 0)
    assert judge("", "no such file")[1] == 1


@pytest.mark.long
@pytest.mark.parametrize("tool", ["parts", "vendored", "compressed", "audit"])
def test_each_tool_explains_itself_and_refuses_what_it_does_not_know(tool):
    def run(word):
        command = [sys.executable, "-m", f"tools.{tool}", word]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    told, refused = run("--help"), run("nonsense")
    assert (told.returncode, "usage:" in told.stdout) == (0, True)
    assert (refused.returncode, "usage:" in refused.stderr) == (1, True)
