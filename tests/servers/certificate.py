"""A certificate for 127.0.0.1 that nobody signed but itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .process import run


@dataclass(frozen=True)
class Certificate:
    certificate: Path
    key: Path


def make_certificate(directory: Path) -> Certificate:
    made = Certificate(directory / "certificate.pem", directory / "key.pem")
    run([
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-days", "2", "-subj", "/CN=mail.example.net", "-addext", "subjectAltName=IP:127.0.0.1",
        "-keyout", made.key, "-out", made.certificate,
    ])  # fmt: skip
    # Dovecot's delivery agent reads the whole configuration as the owner of the mail.
    made.key.chmod(0o644)
    return made


def make_authority(directory: Path) -> Certificate:
    """A certificate that signs others, for `make_signed`."""
    made = Certificate(directory / "authority.pem", directory / "authority-key.pem")
    run([
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-days", "2", "-subj", "/CN=Authority of the tests",
        "-keyout", made.key, "-out", made.certificate,
    ])  # fmt: skip
    return made


def make_signed(directory: Path, authority: Certificate, *names: str) -> Certificate:
    """A certificate for these names, such as `DNS:localhost` and `IP:127.0.0.1`."""
    made = Certificate(directory / "signed.pem", directory / "signed-key.pem")
    run([
        "openssl", "req", "-x509", "-CA", authority.certificate, "-CAkey", authority.key,
        "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
        "-subj", "/CN=receiver", "-addext", f"subjectAltName={','.join(names)}",
        "-addext", "basicConstraints=critical,CA:FALSE",
        "-keyout", made.key, "-out", made.certificate,
    ])  # fmt: skip
    return made
