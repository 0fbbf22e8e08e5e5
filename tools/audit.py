"""Ask PyPI's advisories about every package that a lock pins, with pip-audit.

usage: python tools/audit.py [LOCK]      requirements/audit.txt, which holds all, unless named

Exits 1 when one has a known fault, or could not be asked about while others could; 0 when none
has, and when the service can't be reached: then nothing was found out, and it says so.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
EVERYTHING = ROOT / "requirements/audit.txt"
UNREACHABLE = (
    "NOT AUDITED: PyPI's list of known faults can't be reached from here, or knows none of our "
    "packages, so nothing is known of them. Run it where it can be."
)
OFFLINE = ("ConnectionError", "Could not connect", "Max retries", "timed out", "Unreachable")
COMMAND = [
    *(sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip"),
    *("--format", "json", "--progress-spinner", "off", "--requirement"),
]


def main() -> None:
    named = sys.argv[1:]
    if named in (["--help"], ["-h"]):
        print(__doc__)
        return
    if len(named) > 1 or (named and not Path(named[0]).is_file()):
        sys.exit(f"utsavam: {' '.join(named)} is no lock\n{__doc__}")
    lock = named[0] if named else str(EVERYTHING)
    result = subprocess.run([*COMMAND, lock], capture_output=True, text=True)
    sentences, status = judge(result.stdout, result.stderr)
    print("\n".join(sentences), flush=True)
    sys.exit(status)


def judge(stdout: str, stderr: str) -> tuple[list[str], int]:
    """Interpret pip-audit's JSON and stderr; return a message per finding, and the exit status."""
    try:
        packages = json.loads(stdout)["dependencies"]
    except (ValueError, KeyError):
        if any(word in stderr for word in OFFLINE):
            return [UNREACHABLE], 0
        return [f"pip-audit failed: {stderr.strip()}"], 1
    known = [one for one in packages if "skip_reason" not in one]
    if not known:
        return [UNREACHABLE], 0
    found = [_sentence(one, fault) for one in known for fault in one["vulns"]]
    unknown = [one["skip_reason"] for one in packages if one not in known]
    if not found and not unknown:
        return [f"{len(known)} packages, no known fault"], 0
    return found + unknown, 1


def _sentence(package: dict[str, Any], fault: dict[str, Any]) -> str:
    repaired = ", ".join(fault["fix_versions"]) or "no version yet"
    return f"{package['name']} {package['version']}: {fault['id']}, repaired in {repaired}"


if __name__ == "__main__":
    main()
