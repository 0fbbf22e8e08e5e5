"""The security checklist has twelve lines: each is the number of a test, in docs and here."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
DOCUMENT = TESTS.parent / "docs" / "security.md"
LINES = range(1, 13)
NAME = re.compile(r"^def test_line_(\d\d)_\w+\(", re.MULTILINE)


def numbers(text):
    return [int(number) for number in NAME.findall(text)]


def test_each_line_of_the_checklist_is_the_number_of_a_test():
    found = {number for file in TESTS.rglob("test_*.py") for number in numbers(file.read_text())}
    assert found == set(LINES)


def test_a_file_that_names_lines_holds_tests_of_them():
    for file in Path(__file__).parent.glob("test_line_*.py"):
        named = {int(number) for number in re.findall(r"(?<=_)\d\d(?=_)", file.name)}
        assert named == set(numbers(file.read_text())), file.name


def test_the_document_tells_of_each_line():
    told = re.findall(r"^\| (\d+) \|", DOCUMENT.read_text(), re.MULTILINE)
    assert [int(number) for number in told] == list(LINES)


def test_a_line_without_a_test_would_be_found():
    assert numbers("def test_line_03_x():\n    def test_line_04_y():\ndef test_line_5_z():") == [3]
