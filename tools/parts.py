"""What Utsavam is made of: every package that is pinned, and every file that is vendored.

usage: python -m tools.parts licences    writes docs/licences.md
       python -m tools.parts sbom        writes build/sbom.json: CycloneDX, of what is served
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from packageurl import PackageURL
from packaging.utils import canonicalize_name

from tools.vendored import Vendored, vendored

ROOT = Path(__file__).parents[1]
LICENCES, SBOM = ROOT / "docs/licences.md", ROOT / "build/sbom.json"
SCHEMA = SchemaVersion.V1_6

ALLOWED = {
    **dict.fromkeys(["MIT", "MIT-0", "MIT-CMU", "ISC", "0BSD", "Unlicense"], "permissive"),
    **dict.fromkeys(["BSD", "BSD-2-Clause", "BSD-3-Clause"], "permissive"),
    **dict.fromkeys(["Apache-2.0", "PSF-2.0", "ZPL-2.1"], "permissive, with notices to keep"),
    "MPL-2.0": "its own files stay under it, and we change none",
    "LGPL-3.0-only": "imported as it is, and may be replaced by whoever runs us",
    "OFL-1.1": "fonts, under their own names, not sold by themselves",
}
"""Licences of what we may distribute under our Apache-2.0, and why."""
CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
READ = {
    "promql-parser": "MIT",  # its LICENSE file
    "pypdfium2": "BSD-3-Clause OR Apache-2.0",  # its pyproject.toml; PDFium inside is BSD-3-Clause
    "resvg-py": "MIT",  # its LICENSE file
    "lupa": "MIT",  # its LICENSE.txt, for Lua too
    "async-timeout": "Apache-2.0",  # older Pythons only
    "colorama": "BSD-3-Clause",  # Windows only
    "pywin32": "PSF-2.0",  # Windows only
}
"""Licences missing from a package's metadata, or of packages not installed everywhere."""

INTRODUCTION = """# Licences

Utsavam itself is Apache-2.0. Written by `make licences` from the metadata of the packages that
the locks pin, and from the lists of vendored files; a test holds it against both. BSD without a
number: the package does not say which. Wheels hold compiled libraries besides, under licences of
their own that lie in the wheels: libpq and OpenSSL in `psycopg-binary`, Rust crates in `nh3`,
`pydantic-core`, `resvg-py` and `typst`, image formats in `pillow`.

What is served may come under these:

"""


def main() -> None:
    if sys.argv[1:] in (["--help"], ["-h"]):
        print(__doc__)
        return
    commands = {"licences": write_licences, "sbom": write_sbom}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    commands[sys.argv[1]]()


def write_licences() -> None:
    LICENCES.write_text(licences_page())
    print(f"Licences: {LICENCES.relative_to(ROOT)}")


def write_sbom() -> None:
    made = json.dumps(sbom(), indent=2)
    # Here alone: to import it takes three seconds.
    from cyclonedx.validation.json import JsonStrictValidator

    if fault := JsonStrictValidator(SCHEMA).validate_str(made):
        sys.exit(f"utsavam: the list is no valid CycloneDX: {fault}")
    SBOM.parent.mkdir(exist_ok=True)
    SBOM.write_text(made + "\n")
    print(f"CycloneDX {SCHEMA.to_version()}: {SBOM.relative_to(ROOT)}")


def licences_page() -> str:
    served, demo, test = (locked(name) for name in ("payments", "demo", "test"))
    reasons = groupby(ALLOWED, key=ALLOWED.__getitem__)
    sections = [
        INTRODUCTION + "\n".join(f"- {', '.join(names)}: {reason}" for reason, names in reasons),
        "## Served\n\n" + _table("package", _licences(served)),
        "## For the demo\n\n" + _table("package", _licences(demo - served)),
        "## For tests and tools, shipped with nothing\n\n"
        + _table("package", _licences(test - demo)),
        "## Vendored files\n\n" + _table("file", {one.file: one.licence for one in vendored()}),
    ]
    return "\n\n".join(sections) + "\n"


def _licences(names: Iterable[str]) -> dict[str, str]:
    return {name: licence_of(name) for name in sorted(names)}


def _table(what: str, rows: dict[str, str]) -> str:
    lines = [f"| `{name}` | {licence} |" for name, licence in rows.items()]
    return "\n".join([f"| {what} | licence |", "|---|---|", *lines])


def licence_of(name: str) -> str:
    """Return a package's licence as an SPDX expression, by the package's canonical name.

    Raises `KeyError` when it is unknown.
    """
    if name in READ:
        return READ[name]
    declared = [
        one.get("expression") or one["license"].get("id") or one["license"]["name"]
        for one in installed()[name].get("licenses", [])
    ]
    exact = [licence for licence in declared if not licence.startswith("License ::")]
    kinds = [licence.split(" :: ")[-1] for licence in declared if licence not in exact]
    broad = [CLASSIFIERS[kind] for kind in kinds if kind != "OSI Approved"]
    if not declared:
        raise KeyError(f"{name} tells no licence: read its files, and add it to READ")
    return " AND ".join(dict.fromkeys(exact or broad))


def is_allowed(licence: str) -> bool:
    """Whether an SPDX expression offers a choice that is all in `ALLOWED`."""
    choices = [choice.strip("()").split(" AND ") for choice in licence.split(" OR ")]
    return any(all(part in ALLOWED for part in parts) for parts in choices)


def locked(name: str) -> set[str]:
    """Return the canonical names of the packages that a lock pins."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    return {canonicalize_name(found) for found in re.findall(r"^([\w.-]+)", text, re.MULTILINE)}


def installed() -> dict[str, Any]:
    """Return the CycloneDX components of the packages installed here, by canonical name."""
    return {canonicalize_name(one["name"]): one for one in environment()["components"]}


@cache
def environment() -> dict[str, Any]:
    command = [sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible"]
    options = [
        "--pyproject",
        str(ROOT / "pyproject.toml"),
        "--sv",
        SCHEMA.to_version(),
        "--no-validate",
    ]
    made = subprocess.run(
        [*command, *options, sys.executable], check=True, capture_output=True, text=True
    )
    found: dict[str, Any] = json.loads(made.stdout)
    return found


def sbom() -> dict[str, Any]:
    """Return the CycloneDX SBOM of the runtime packages installed here and the files we serve."""
    served = locked("payments")
    made = json.loads(json.dumps(environment()))
    packages = [one for one in made["components"] if canonicalize_name(one["name"]) in served]
    kept = {one["bom-ref"] for one in [*packages, made["metadata"]["component"]]}
    files = [one for one in vendored() if one.is_served]
    parts = [_component(list(group)) for _, group in groupby(sorted(files, key=_origin), _origin)]
    made["components"] = packages + parts
    made["dependencies"] = [
        {**one, "dependsOn": sorted(kept & set(one.get("dependsOn", [])))}
        for one in made["dependencies"]
        if one["ref"] in kept
    ]
    root = made["metadata"]["component"]["bom-ref"]
    for one in made["dependencies"]:
        if one["ref"] == root:
            one["dependsOn"] += [part["bom-ref"] for part in parts]
    return made


def _origin(file: Vendored) -> tuple[str, str]:
    return file.package, file.version


def _component(files: list[Vendored]) -> dict[str, Any]:
    """Return the component of an npm package, with the files of it that we serve."""
    first = files[0]
    scope, _, name = first.package.rpartition("/")
    purl = PackageURL("npm", scope or None, name, first.version).to_string()
    return {
        "type": "library",
        "bom-ref": purl,
        "name": first.package,
        "version": first.version,
        "purl": purl,
        "licenses": [{"expression": first.licence}],
        "components": [
            {
                "type": "file",
                "name": file.file,
                "hashes": [{"alg": "SHA-256", "content": file.sha256}],
            }
            for file in files
        ],
    }


if __name__ == "__main__":
    main()
