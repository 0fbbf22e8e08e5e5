"""Credentials for wallets, as Apple and Google give them out, but made by ourselves."""

import json
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

PASS_TYPE, TEAM = "pass.org.example.tickets", "A1B2C3D4E5"
ISSUER = "3388000000012345678"
ACCOUNT = "wallet@tickets-of-a-festival.iam.gserviceaccount.com"
YEAR = timedelta(days=365)


class WalletKeys:
    """Files in a folder, and the settings that name them."""

    def __init__(self, folder):
        folder.mkdir()
        self.folder = folder
        self._authority_key = _key()
        self.authority = self._certificate({NameOID.COMMON_NAME: "Not Apple WWDR"}, None)
        self.key = _key()
        self.certificate = self.pass_certificate()
        self.google_key = _key()
        self.google_file = {
            "type": "service_account",
            "client_email": ACCOUNT,
            "private_key": _pem(self.google_key).decode(),
        }

    def pass_certificate(self, pass_type=PASS_TYPE, team=TEAM, ends=YEAR):
        names = {
            NameOID.USER_ID: pass_type,
            NameOID.COMMON_NAME: f"Pass Type ID: {pass_type}",
            NameOID.ORGANIZATIONAL_UNIT_NAME: team,
        }
        return self._certificate(names, self.key, ends)

    def apple(self, **changes):
        """The settings, with some of the files' contents changed."""
        contents = {
            "apple_pass_certificate": self.certificate.public_bytes(Encoding.PEM),
            "apple_pass_key": _pem(self.key),
            # As Apple gives it out.
            "apple_wwdr_certificate": self.authority.public_bytes(Encoding.DER),
            **changes,
        }
        files = {name: self._written(name, content) for name, content in contents.items()}
        return {"apple_pass_type_id": PASS_TYPE, "apple_team_id": TEAM, **files}

    def google(self, **changes):
        content = json.dumps({**self.google_file, **changes}).encode()
        file = self._written("google_wallet_key", content)
        return {"google_wallet_issuer_id": ISSUER, "google_wallet_key": file}

    def _written(self, name, content):
        number = len(list(self.folder.iterdir()))
        file = self.folder / f"{name}-{number}"
        file.write_bytes(content)
        return str(file)

    def _certificate(self, names, key, ends=YEAR):
        subject = x509.Name([x509.NameAttribute(oid, name) for oid, name in names.items()])
        issuer = self.authority.subject if key else subject
        public = (key or self._authority_key).public_key()
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer)
        builder = builder.public_key(public).serial_number(x509.random_serial_number())
        begins = datetime.now(UTC) - timedelta(days=2)
        builder = builder.not_valid_before(begins).not_valid_after(datetime.now(UTC) + ends)
        constraints = x509.BasicConstraints(ca=key is None, path_length=None)
        builder = builder.add_extension(constraints, critical=True)
        return builder.sign(self._authority_key, SHA256())


def _key():
    return rsa.generate_private_key(65537, 2048)


def _pem(key):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
