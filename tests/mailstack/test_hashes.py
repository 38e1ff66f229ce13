"""Dovecot and the sign-in page let in the same people, whoever stored their hash."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import bcrypt
import pytest
from django.core.exceptions import ValidationError
from passlib.hash import sha256_crypt, sha512_crypt

from mailadmin.accounts import schemes
from tests.plugin import own_directory
from tests.servers import mailserver
from tests.servers.dovecot import Dovecot
from tests.servers.mariadb import MariaDB
from tests.servers.process import run
from tests.servers.project import Project

PASSWORD = "pässwörd 1"
BCRYPT = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(5)).decode()
SHA256_CRYPT = sha256_crypt.using(rounds=5000).hash(PASSWORD)
SHA512_CRYPT = sha512_crypt.using(rounds=5000).hash(PASSWORD)
HEX_MD5 = hashlib.md5(PASSWORD.encode(), usedforsecurity=False).hexdigest()
MADE_BY_DOVEADM = [
    "ARGON2I", "ARGON2ID", "BLF-CRYPT", "CRYPT", "MD5", "MD5-CRYPT", "PBKDF2", "PLAIN-MD5", "SCRAM-SHA-256",
    "SHA256-CRYPT", "SHA512-CRYPT", "SMD5", "SSHA", "SSHA256", "SSHA512",
]  # fmt: skip
BY_HAND = {
    "{MD5} of hex": f"{{MD5}}{HEX_MD5}",
    "bare hex MD5": HEX_MD5,
    "{CRYPT} of SHA256-CRYPT": f"{{CRYPT}}{SHA256_CRYPT}",
    "{CRYPT} of SHA512-CRYPT": f"{{CRYPT}}{SHA512_CRYPT}",
    "{CRYPT} of bcrypt": f"{{CRYPT}}{BCRYPT}",
    "{BLF-CRYPT} of $2y$": "{BLF-CRYPT}" + BCRYPT.replace("$2b$", "$2y$"),
}
BARE = {"SHA256-CRYPT": SHA256_CRYPT, "SHA512-CRYPT": SHA512_CRYPT, "bcrypt": BCRYPT}
REFUSED = {
    "plain text": PASSWORD,
    "of an unknown scheme": f"{{ROT13}}{PASSWORD}",
    "empty": "",
}


@pytest.fixture(scope="module")
def site(mariadb: MariaDB, new_database: Callable[[], str]) -> Project:
    project = Project(own_directory() / "hashes", database_url=new_database(), MAPS_TYPE="lmdb", MAIL_OWNER="mail:mail")
    project.set_up()
    project.manage("domain", "add", "example.org")
    project.manage("mailbox", "add", "anna@example.org", "--password-hash", "{PLAIN-MD5}" + HEX_MD5)
    return project


@pytest.fixture(scope="module")
def dovecot(site: Project, mariadb: MariaDB) -> Iterator[Dovecot]:
    server = mailserver.rendered(site, mariadb).dovecot
    server.start()
    yield server
    server.stop()


@pytest.fixture
def store(site: Project, mariadb: MariaDB) -> Callable[[str], None]:
    """Puts a hash into the mailbox's row, as another program would."""

    def write(stored: str) -> None:
        mariadb.execute(f"UPDATE mailbox SET password = '{stored}'", database=site.database)

    return write


@pytest.mark.parametrize("scheme", MADE_BY_DOVEADM)
def test_hash_by_doveadm(scheme: str, dovecot: Dovecot, store: Callable[[str], None]) -> None:
    expect_good_hash(run(["doveadm", "-O", "pw", "-s", scheme, "-p", PASSWORD]).strip(), dovecot, store)


@pytest.mark.parametrize("name", BY_HAND)
def test_hash_by_other_programs(name: str, dovecot: Dovecot, store: Callable[[str], None]) -> None:
    expect_good_hash(BY_HAND[name], dovecot, store)


@pytest.mark.parametrize("scheme", ["ARGON2ID", "BLF-CRYPT", "SHA512-CRYPT", "SHA256-CRYPT"])
def test_hash_of_our_own(scheme: str, dovecot: Dovecot, store: Callable[[str], None], settings: object) -> None:
    settings.MAILBOX_PASSWORD_SCHEME = scheme  # type: ignore[attr-defined]
    stored = schemes.hash_password(PASSWORD)
    assert stored.startswith(f"{{{scheme}}}")
    expect_good_hash(stored, dovecot, store)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_hash_opens_nothing(name: str, dovecot: Dovecot, store: Callable[[str], None]) -> None:
    stored = REFUSED[name]
    store(stored)
    expect_alike(dovecot, stored, dict.fromkeys((PASSWORD, "", stored), False))


@pytest.mark.parametrize("name", BARE)
def test_bare_crypt_hash_is_for_the_page_alone(name: str, dovecot: Dovecot, store: Callable[[str], None]) -> None:
    # Dovecot reads it only where its default scheme is CRYPT, as on some sites of Postfixadmin. A sign-in on the page
    # replaces it by one that is good everywhere.
    stored = BARE[name]
    store(stored)
    assert not dovecot.accepts("anna@example.org", PASSWORD)
    assert (schemes.verify(PASSWORD, stored), schemes.is_preferred(stored)) == (True, False)
    with pytest.raises(ValidationError):
        schemes.check_hash(stored)


def expect_good_hash(stored: str, dovecot: Dovecot, store: Callable[[str], None]) -> None:
    """It lets in the password, and nothing that is nearly it."""
    store(stored)
    nearly = (PASSWORD + "x", PASSWORD[:-1], PASSWORD.upper(), "passwörd 1")
    expect_alike(dovecot, stored, {PASSWORD: True} | dict.fromkeys(nearly, False))


def expect_alike(dovecot: Dovecot, stored: str, expected: dict[str, bool]) -> None:
    assert {password: schemes.verify(password, stored) for password in expected} == expected
    # At the same time, because Dovecot answers a failure late.
    with ThreadPoolExecutor() as threads:
        answers = threads.map(lambda password: dovecot.accepts("anna@example.org", password), expected)
        assert dict(zip(expected, answers, strict=True)) == expected
