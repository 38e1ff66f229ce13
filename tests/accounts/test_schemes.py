import subprocess
from contextlib import suppress

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailadmin.accounts import schemes

PASSWORD = "pässwörd 1"
TAIL = "$R3ivNWUaeIMIydMjor3tcQ$ZDkF04kueM34jPKV/JiyPx/lSHvUwS+oPYU26jl8B9w"  # of a well-formed Argon2 hash

# Made by doveadm pw and, where it has no such option, by the program that writes them so.
STORED = {
    "bare md5_crypt": "$1$ghYFGNhW$NKSmgigIE29vkSCsZyaef0",
    "bare hex MD5": "ce74b892da441b00f4b61523872bc6b4",
    "MD5 hex": "{MD5}ce74b892da441b00f4b61523872bc6b4",
    "PLAIN-MD5 base64": "{PLAIN-MD5}znS4ktpEGwD0thUjhyvGtA==",
    "SHA256 hex": "{SHA256}50e0d7e496477b5f09570bfdcaf31b028792ef5f58edfc27dbcbccb8cfce1d15",
    "small letters": "{ssha}Ydd/CSZYvpQdAGtVbJR/VWvrzt5HpdtI",
    "BLF-CRYPT $2y$": "{BLF-CRYPT}$2y$05$Rava356CsvX3ZXlmuUx43eipnJCVfcaPMj4cc.ahS8UEGaSbDL49K",
    "bare $2y$": "$2y$05$Rava356CsvX3ZXlmuUx43eipnJCVfcaPMj4cc.ahS8UEGaSbDL49K",
    "bare $5$": "$5$61ZTWGmZu6GNrPsg$OD/UpAK5pXojAomfD.Z9bJ3gaB15hqQUmH9gikolfWC",
}
DOVEADM_SCHEMES = [
    "MD5-CRYPT",
    "MD5",
    "CRYPT",
    "PLAIN-MD5",
    "LDAP-MD5",
    "SMD5",
    "SSHA",
    "SSHA256",
    "SSHA512",
    "SHA",
    "SHA1",
    "SHA256",
    "SHA512",
    "SHA256-CRYPT",
    "SHA512-CRYPT",
    "BLF-CRYPT",
    "ARGON2I",
    "ARGON2ID",
    "PBKDF2",
    "SCRAM-SHA-256",
    "SSHA.HEX",
    "SSHA.B64",
    "SHA256.HEX",
    "PLAIN-MD5.B64",
    "SHA512-CRYPT.B64",
    "MD5-CRYPT.HEX",
    "ARGON2ID.B64",
]
SITE_SCHEMES = ("ARGON2ID", "BLF-CRYPT", "SHA512-CRYPT", "SHA256-CRYPT")


def doveadm(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["doveadm", "-O", "pw", *arguments], capture_output=True, text=True, check=False, timeout=30)


def doveadm_accepts(stored: str, password: str) -> bool:
    return doveadm("-t", stored, "-p", password).returncode == 0


@pytest.mark.parametrize("stored", STORED.values(), ids=STORED)
def test_verify_stored(stored):
    assert schemes.verify(PASSWORD, stored)
    assert not schemes.verify("password 1", stored)


@pytest.mark.parametrize("scheme", DOVEADM_SCHEMES)
def test_verify_what_doveadm_makes(scheme):
    stored = doveadm("-s", scheme, "-p", PASSWORD).stdout.strip()

    assert stored.startswith(f"{{{scheme}}}")
    assert schemes.verify(PASSWORD, stored)
    assert not schemes.verify(PASSWORD + "x", stored)
    schemes.check_hash(stored)


@pytest.mark.parametrize("prefix", ["$1$", "$5$", "$6$", "$2b$"])
def test_verify_crypt_with_its_own_prefix(prefix):
    text = {
        "$1$": STORED["bare md5_crypt"],
        "$5$": STORED["bare $5$"],
        "$6$": schemes._MAKERS["SHA512-CRYPT"](PASSWORD.encode()),
        "$2b$": schemes._MAKERS["BLF-CRYPT"](PASSWORD.encode()),
    }[prefix]

    assert text.startswith(prefix)
    assert schemes.verify(PASSWORD, f"{{CRYPT}}{text}")
    assert not schemes.verify("x", f"{{CRYPT}}{text}")
    assert doveadm_accepts(f"{{CRYPT}}{text}", PASSWORD)


@pytest.mark.parametrize("scheme", SITE_SCHEMES)
def test_hash_password_is_read_by_doveadm(scheme, settings):
    settings.MAILBOX_PASSWORD_SCHEME = scheme

    stored = schemes.hash_password(PASSWORD)

    assert stored.startswith(f"{{{scheme}}}$")
    assert schemes.is_preferred(stored)
    assert schemes.verify(PASSWORD, stored)
    assert doveadm_accepts(stored, PASSWORD)
    assert not doveadm_accepts(stored, PASSWORD + "x")
    schemes.check_hash(stored)


def test_hash_password_has_the_cost_that_fits_dovecot():
    assert schemes.hash_password(PASSWORD).startswith("{ARGON2ID}$argon2id$v=19$m=47104,t=1,p=1$")


@pytest.mark.parametrize(
    "stored",
    [
        "ab.cdefghijkl",
        "{CRYPT}abJnggxhB/yWI",
        "{DES-CRYPT}abJnggxhB/yWI",
        "{PLAIN}" + PASSWORD,
        PASSWORD,
        "pbkdf2_sha256$1000$salt$hash",
        "{CRYPT}$argon2id$v=19$m=47104,t=1,p=1" + TAIL,
        "",
        "{SSHA}",
        "{SSHA}/Hrn08gEogcgvDjo5YNQSGibZVE=",
        "{SHA}Ydd/CSZYvpQdAGtVbJR/VWvrzt5HpdtI",
        "{SSHA.ROT13}Ydd/CSZYvpQdAGtVbJR/VWvrzt5HpdtI",
        "{SHA512-CRYPT}$6$salt$",
        "{SHA512-CRYPT}$6$rounds=999999999$saltsalt$" + "a" * 86,
        "{BLF-CRYPT}$2b$31$Q/fRSBB0thSIcuCA5E90..PkLPirylq1PpJiaUplyBFCHXPA59GMy",
        "{ARGON2ID}$argon2id$v=19$m=4194304,t=1,p=1" + TAIL,
        "{ARGON2ID}$argon2id$v=19$m=47104,t=1,p=1$R3ivNWUaeIMIydMjor3tcQ$",
        "{PBKDF2}$1$salt$99999999$9b7e4b66331da4de2c66ed3adbd5e84d8ef2faf0",
        "{PBKDF2}$1$salt$x$9b7e4b66331da4de2c66ed3adbd5e84d8ef2faf0",
        "{SCRAM-SHA-256}4096,a,b",
    ],
)
def test_verify_refuses(stored):
    assert not schemes.verify(PASSWORD, stored)
    with pytest.raises(ValidationError):
        schemes.check_hash(stored)


@pytest.mark.parametrize("password", ["", "a\0b", "x" * 1025, "\ud800"])
def test_unstorable_password_is_refused_before_hashing(password):
    with pytest.raises(ValidationError):
        schemes.hash_password(password)
    assert not schemes.verify(password, schemes.hash_password("x"))


def test_password_of_1024_characters_round_trips():
    assert schemes.verify("é" * 1024, schemes.hash_password("é" * 1024))


def test_bcrypt_refuses_to_store_what_it_would_cut(settings):
    settings.MAILBOX_PASSWORD_SCHEME = "BLF-CRYPT"

    with pytest.raises(ValidationError) as refused:
        schemes.hash_password("é" * 37)

    assert refused.value.code == "password_long"
    assert schemes.verify("é" * 36, schemes.hash_password("é" * 36))


def test_bcrypt_of_another_program_is_cut_as_dovecot_does():
    stored = doveadm("-s", "BLF-CRYPT", "-p", "a" * 80).stdout.strip()

    assert schemes.verify("a" * 80, stored)
    assert schemes.verify("a" * 72, stored) == doveadm_accepts(stored, "a" * 72)
    assert not schemes.verify("a" * 71, stored)


@pytest.mark.parametrize(
    ("stored", "preferred"),
    [
        ("{ARGON2ID}$argon2id$v=19$m=47104,t=1,p=1" + TAIL, True),
        ("{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1" + TAIL, True),
        ("{ARGON2ID}$argon2id$v=19$m=8192,t=1,p=1" + TAIL, False),
        ("{ARGON2ID}$argon2id$v=19$m=47104,t=1,p=4" + TAIL, False),
        ("{ARGON2I}$argon2i$v=19$m=47104,t=4,p=1" + TAIL, False),
        ("$1$ghYFGNhW$NKSmgigIE29vkSCsZyaef0", False),
        ("{ARGON2ID}garbage", False),
        ("", False),
    ],
)
def test_is_preferred(stored, preferred):
    assert schemes.is_preferred(stored) is preferred


@pytest.mark.parametrize("rounds", ["", "rounds=1000$"])
def test_cheaper_crypt_is_not_preferred(rounds, settings):
    settings.MAILBOX_PASSWORD_SCHEME = "SHA512-CRYPT"

    assert not schemes.is_preferred("{SHA512-CRYPT}$6$" + rounds + "saltsalt$" + "a" * 86)


@pytest.mark.parametrize(
    ("stored", "code"),
    [
        ("{ROT13}abc", "hash_scheme_unknown"),
        ("{PLAIN}secret", "hash_scheme_unknown"),
        ("$6$saltsalt$" + "a" * 86, "hash_no_scheme"),
        ("secret", "hash_no_scheme"),
        ("{SSHA}not base64!", "hash_malformed"),
        ("{SSHA}Ydd/CSZYvpQdAGtVbJR/VWvrzt5HpdtI\n", "hash_malformed"),
        ("{SHA512-CRYPT}abc", "hash_malformed"),
        ("{SSHA}" + "A" * 400, "hash_long"),
    ],
)
def test_check_hash_refuses(stored, code):
    with pytest.raises(ValidationError) as refused:
        schemes.check_hash(stored)

    assert refused.value.code == code


def test_check_hash_takes_bare_md5_crypt():
    schemes.check_hash(STORED["bare md5_crypt"])


@settings(max_examples=25, deadline=None)
@given(password=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=100))
def test_any_text_round_trips(password):
    stored = schemes.hash_password(password)

    assert schemes.verify(password, stored)
    assert not schemes.verify(password + "x", stored)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    scheme=st.sampled_from(sorted(schemes.SCHEMES)),
    suffix=st.sampled_from(["", ".B64", ".HEX", ".x"]),
    text=st.one_of(
        st.text(max_size=60),
        st.from_regex(r"\$(1|5|6|2b|argon2id)\$[a-z0-9=,$./]{0,60}", fullmatch=True),
        st.binary(max_size=60).map(lambda octets: octets.hex()),
    ),
)
def test_garbage_never_raises(scheme, suffix, text):
    for stored in (text, f"{{{scheme}{suffix}}}{text}"):
        assert schemes.verify("password", stored) in (False, True)
        schemes.is_preferred(stored)
        with suppress(ValidationError):
            schemes.check_hash(stored)
