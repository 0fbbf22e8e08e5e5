"""Each style, script and drawing has its copies, and they hold what it holds."""

import gzip
import shutil

import pytest

from tools.compressed import ROOT, compress_brotli, compress_gzip, faults, write

STYLE = "static/css/site.css"
FEW = (STYLE, f"{STYLE}.br", f"{STYLE}.gz")


@pytest.fixture
def copy(tmp_path):
    """A style with its copies, and a font without."""
    for folder in ("css", "fonts"):
        (tmp_path / "static" / folder).mkdir(parents=True)
    for name in FEW:
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "static/fonts/one.woff2").write_bytes(b"font")
    return tmp_path


def test_the_copies_are_of_the_files_beside_them():
    assert faults(ROOT) == []


def test_a_stale_copy_is_told(copy):
    assert faults(copy) == []
    with (copy / STYLE).open("a") as file:
        file.write("/* changed */")
    assert faults(copy) == [f"{name} is not a copy of site.css" for name in FEW[1:]]


def test_a_missing_copy_is_told(copy):
    (copy / f"{STYLE}.br").unlink()
    assert faults(copy) == [f"{STYLE}.br is missing"]


@pytest.mark.parametrize("broken", [b"", b"nonsense"])
def test_a_broken_copy_is_told(copy, broken):
    for name in FEW[1:]:
        (copy / name).write_bytes(broken)
    assert faults(copy) == [f"{name} is not a copy of site.css" for name in FEW[1:]]


def test_a_copy_cut_short_is_told(copy):
    for name in FEW[1:]:
        (copy / name).write_bytes((copy / name).read_bytes()[:-9])
    assert len(faults(copy)) == 2


@pytest.mark.parametrize("name", ["static/css/gone.css.gz", "static/fonts/one.woff2.br"])
def test_a_copy_of_no_file_is_told_and_removed(copy, name):
    (copy / name).write_bytes(gzip.compress(b""))
    assert faults(copy) == [f"{name} is of no file"]
    write(copy)
    assert faults(copy) == []
    assert not (copy / name).exists()


def test_copies_are_made_anew_where_needed_and_left_elsewhere(copy):
    (copy / f"{STYLE}.br").unlink()
    old = (copy / f"{STYLE}.gz").stat().st_mtime_ns
    write(copy)
    assert faults(copy) == []
    assert (copy / f"{STYLE}.gz").stat().st_mtime_ns == old


@pytest.mark.parametrize("compress", [compress_brotli, compress_gzip])
def test_a_copy_is_the_same_each_time(compress):
    content = (ROOT / STYLE).read_bytes()
    assert compress(content) == compress(content)
    # A gzip file tells when it was made.
    assert compress_gzip(content)[4:8] == bytes(4)
