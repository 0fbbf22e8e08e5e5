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
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NONE_FOUND = (
    "BROWSER TESTS DID NOT RUN: no Chromium was found. Install one (on Debian: apt install "
    "chromium), or name one in CHROMIUM."
)


def executable():
    """The path of a Chromium of this system, or None."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


def launch(playwright):
    """A running browser, or None where there is none to be had."""
    options = {"args": list(ARGUMENTS)}
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
