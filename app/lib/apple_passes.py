"""Passes for Apple Wallet: a ZIP of `pass.json`, pictures, a manifest and its signature.

By Apple's "Building a Pass" and "Distributing and updating a pass". `cryptography` is imported when
it is first needed: a site that makes no passes pays nothing for it.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509 import Certificate, Name, ObjectIdentifier

PASS, BUNDLE = "application/vnd.apple.pkpass", "application/vnd.apple.pkpasses"
MOST = 10
"""Passes of a bundle, by Apple's documentation."""


class WrongCredentials(ValueError):
    """A file is not what it should be; the message says which setting, and what is wrong."""


class PassSigner(NamedTuple):
    """The certificate of a pass type with its key, and Apple's, which signed it."""

    certificate: "Certificate"
    key: "RSAPrivateKey"
    authority: "Certificate"

    @property
    def ends_at(self) -> datetime:
        """The moment from which on a phone takes no new pass."""
        return min(self.certificate.not_valid_after_utc, self.authority.not_valid_after_utc)

    def is_valid(self, at: datetime) -> bool:
        return self.certificate.not_valid_before_utc <= at < self.ends_at


def signer_of(certificate: str, key: str, authority: str, pass_type: str, team: str) -> PassSigner:
    """Read the first three, files in PEM or DER, and check that all belong together.

    Raises `WrongCredentials`.
    """
    signer = PassSigner(
        _certificate("APPLE_PASS_CERTIFICATE", Path(certificate)),
        _key(Path(key)),
        _certificate("APPLE_WWDR_CERTIFICATE", Path(authority)),
    )
    from cryptography.exceptions import InvalidSignature
    from cryptography.x509.oid import NameOID

    if signer.key.public_key() != signer.certificate.public_key():
        raise WrongCredentials("APPLE_PASS_KEY is not the key of APPLE_PASS_CERTIFICATE.")
    for setting, asked, oid in (
        ("APPLE_PASS_TYPE_ID", pass_type, NameOID.USER_ID),
        ("APPLE_TEAM_ID", team, NameOID.ORGANIZATIONAL_UNIT_NAME),
    ):
        if asked not in (named := _named(signer.certificate.subject, oid)):
            found = ", ".join(named) or "no name"
            raise WrongCredentials(f"{setting} is {asked}, but the certificate is for {found}.")
    try:
        signer.certificate.verify_directly_issued_by(signer.authority)
    except (InvalidSignature, ValueError, TypeError):
        raise WrongCredentials(
            "APPLE_WWDR_CERTIFICATE did not sign APPLE_PASS_CERTIFICATE: take the generation that "
            "its issuer names, as in G4."
        ) from None
    return signer


def signed_pass(facts: Mapping[str, Any], pictures: Mapping[str, bytes], by: PassSigner) -> bytes:
    """Return a `.pkpass` of the facts (`pass.json`) and the pictures by file name."""
    files = {"pass.json": json.dumps(facts, ensure_ascii=False).encode(), **pictures}
    # SHA-1 is what the format says; the signature over the manifest is by SHA-256.
    sums = {name: hashlib.sha1(file).hexdigest() for name, file in files.items()}  # noqa: S324
    manifest = json.dumps(sums).encode()
    return _zipped({**files, "manifest.json": manifest, "signature": _signature(manifest, by)})


def bundle(passes: Sequence[bytes]) -> bytes:
    """Return a `.pkpasses` of several passes, `MOST` at most."""
    return _zipped({f"{number}.pkpass": one for number, one in enumerate(passes, 1)})


def _signature(manifest: bytes, by: PassSigner) -> bytes:
    """A detached PKCS #7 signature, with the signing time and both certificates."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.hazmat.primitives.serialization.pkcs7 import (
        PKCS7Options,
        PKCS7SignatureBuilder,
    )

    builder = PKCS7SignatureBuilder().set_data(manifest)
    builder = builder.add_signer(by.certificate, by.key, SHA256()).add_certificate(by.authority)
    return builder.sign(Encoding.DER, [PKCS7Options.DetachedSignature, PKCS7Options.Binary])


def _zipped(files: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def _certificate(setting: str, file: Path) -> "Certificate":
    from cryptography import x509

    content = _content(setting, file)
    try:
        if b"-----BEGIN" in content:
            return x509.load_pem_x509_certificate(content)
        return x509.load_der_x509_certificate(content)
    except ValueError:
        raise WrongCredentials(f"{setting} holds no certificate: {str(file)!r}.") from None


def _key(file: Path) -> "RSAPrivateKey":
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    content = _content("APPLE_PASS_KEY", file)
    try:
        key = load_pem_private_key(content, None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise WrongCredentials(
            f"APPLE_PASS_KEY holds no RSA key in PEM without a passphrase: {str(file)!r}."
        )
    return key


def _content(setting: str, file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as fault:
        raise WrongCredentials(f"{setting} can't be read: {fault.strerror}.") from None


def _named(name: "Name", oid: "ObjectIdentifier") -> list[str]:
    return [str(one.value) for one in name.get_attributes_for_oid(oid)]
