"""Find a Chromium for the tests: a named one, the system's, or Playwright's own."""

import os
import shutil
import subprocess
import sys

NAMES = (
    # The same engine without a desktop: a quarter less work for each page.
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    # Nothing is drawn by a graphics card: a process of its own for it costs a fifteenth more.
    "--in-process-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 20_000
"""Milliseconds that a test waits for what is bound to come: other tests may have the processors for
seconds. No promise of a page is measured by it."""
NONE_FOUND = (
    "BROWSER TESTS DID NOT RUN: no Chromium was found. Install one (on Debian: apt install "
    "chromium), or name one in CHROMIUM."
)


def executable(names=NAMES):
    """The path of a Chromium of this system, or None."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, names)), None)


def launch(playwright, *more):
    """A running browser, with more arguments, or None where there is none to be had."""
    options = {"args": [*ARGUMENTS, *more]}
    if path := executable():
        return playwright.chromium.launch(executable_path=path, **options)
    subprocess.run(
        [sys.executable, "-m", "playwright", "install", "chromium"],
        capture_output=True,
        timeout=300,
    )
    try:
        return playwright.chromium.launch(**options)
    except Exception:
        return None


def launch_one_that_keeps_pages(playwright):
    """A running browser that brings a page as it was left, as people's browsers do, or None. One
    without a desktop asks for the page anew, and Playwright's own start says that each has to."""
    path = executable(NAMES[1:])
    if path is None or path.endswith(NAMES[0]):
        return None
    kept = ["--disable-back-forward-cache"]
    return playwright.chromium.launch(
        executable_path=path, args=list(ARGUMENTS), ignore_default_args=kept
    )
