import pytest
from django.core.exceptions import ValidationError

from mailadmin.accounts.passwords import validate_new_password

ABOUT = ("alice.doe@example.org", "Alice van Doe-Example")


@pytest.mark.parametrize(
    "password", ["correct horse", "ñandú-ñandú", "x" * 9 + "y", "é" * 1024, "  blanks at the ends  "]
)
def test_password_is_taken(password):
    validate_new_password(password, about=ABOUT)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "password_empty"),
        ("ninechars", "password_short"),
        ("x" * 1025, "password_long"),
        ("with a NUL \0", "password_control_character"),
        ("with a line\nfeed", "password_control_character"),
        ("with a tab\tin it", "password_control_character"),
        ("half a pair \ud800", "password_control_character"),
        ("qwertyuiop", "password_too_common"),
        ("alice.doe@example.org", "password_personal"),
        ("ALICE.DOE@example.org", "password_personal"),
        ("Alice van Doe-Example", "password_personal"),
        ("alicevandoe-example", "password_personal"),
        ("doe-example", "password_personal"),
        ("example.org", "password_personal"),
    ],
)
def test_password_is_refused(password, code):
    with pytest.raises(ValidationError) as refused:
        validate_new_password(password, about=ABOUT)

    assert [error.code for error in refused.value.error_list] == [code]


def test_least_length_is_a_setting(settings):
    settings.PASSWORD_MIN_LENGTH = 14

    with pytest.raises(ValidationError) as refused:
        validate_new_password("thirteen char")

    assert refused.value.messages == ["A password needs at least 14 characters."]
