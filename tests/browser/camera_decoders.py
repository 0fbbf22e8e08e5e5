"""Measure decoders of QR codes on drawn frames of a camera, in Chromium.

usage: python -m tests.browser.camera_decoders NODE_MODULES [--each 10] [--seed 0]
           [--width 640|1280] [--only NAME ...] [--keep FOLDER]

NODE_MODULES is where `npm install jsqr qr-scanner zxing-wasm @zxing/library qr` put them. Writes
one line for each decoder and size: shares decoded by kind of picture, median and p95 in ms, and
wrong texts, which may be none. ADR 87 tells what was chosen.
"""

import argparse
import mimetypes
from collections import defaultdict
from pathlib import Path
from statistics import median, quantiles

from playwright.sync_api import sync_playwright

from tests.browser import chromium
from tests.browser.camera_scenes import KINDS, SIZES, scene

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SITE = "http://localhost"  # what it answers is given by this script; localhost may use workers


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("packages", type=Path)
    parser.add_argument("--each", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--width", type=int, choices=[size[0] for size in SIZES])
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--keep", type=Path, help="keep the pictures here")
    given = parser.parse_args()
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        for size in SIZES:
            if given.width in (None, size[0]):
                report(size, measure(browser, size, given))
        browser.close()


def measure(browser, size, given):
    """By decoder: kind, right, wrong and milliseconds of each frame."""
    frames = {}

    def answer(route):
        path = route.request.url.removeprefix(SITE)
        if path == "/":
            route.fulfill(body="<!doctype html><title>x</title>", content_type="text/html")
        elif path.startswith("/frames/"):
            route.fulfill(body=frames[path.removeprefix("/frames/")], content_type="image/jpeg")
        else:
            ours = path.startswith("/static/")
            file = ROOT / path[1:] if ours else given.packages / path.removeprefix("/packages/")
            kind = mimetypes.guess_type(file)[0] or "application/octet-stream"
            route.fulfill(body=file.read_bytes(), content_type=kind)

    page = browser.new_page()
    page.route(f"{SITE}/**", answer)
    page.goto(f"{SITE}/")
    page.add_script_tag(content=(HERE / "camera_decoders.js").read_text())
    names = given.only or page.evaluate("decoders")
    found = defaultdict(list)
    for number in range(-3, given.each):  # three that only warm up
        for kind in KINDS if number >= 0 else (KINDS[0],):
            name = f"{kind}-{number}-{size[0]}.jpg"
            frames[name], text = scene(kind, number, size, given.seed)
            if given.keep:
                given.keep.mkdir(exist_ok=True)
                (given.keep / name).write_bytes(frames[name])
            told = page.evaluate("([at, names]) => decode(at, names)", [f"/frames/{name}", names])
            for decoder, (read, took) in told.items() if number >= 0 else ():
                found[decoder].append((kind, read == text, read not in (None, text), took))
    page.close()
    return found


def report(size, found):
    kinds = [kind for kind in KINDS if kind != "nothing"]
    print(f"\n{size[0]}x{size[1]}")
    print(f"decoder | all | {' | '.join(kinds)} | wrong | median | p95 | none")
    for decoder, rows in found.items():
        shares = [_share(row for row in rows if row[0] == kind) for kind in kinds]
        times = [row[3] for row in rows]
        none = median(row[3] for row in rows if row[0] == "nothing")
        whole = _share(row for row in rows if row[0] != "nothing")
        wrong = sum(row[2] for row in rows)
        print(
            f"{decoder} | {whole} | {' | '.join(map(str, shares))} | {wrong} | "
            f"{median(times):.1f} | {quantiles(times, n=20)[-1]:.1f} | {none:.1f}",
            flush=True,
        )


def _share(rows):
    right = [row[1] for row in rows]
    return round(100 * sum(right) / len(right))


if __name__ == "__main__":
    main()
