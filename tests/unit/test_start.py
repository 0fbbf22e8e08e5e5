"""What a web process does not load before somebody needs it."""

import subprocess
import sys

LOADED = """
import sys
import app.web, app.admin, app.api, app.cli
print(*sorted({"typst", "cryptography.hazmat", "jwt"} & set(sys.modules)))
"""


def test_what_makes_pdfs_and_passes_is_loaded_by_the_first_alone():
    found = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True)
    assert (found.stdout, found.returncode) == ("\n", 0)
