"""What a site says of its mails, and what it is told when that cannot be meant."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mailadmin.letters.checks import site_url as check_site_url

READ = (
    "from django.conf import settings as s; print(s.SITE_URL, s.MAIL_FROM, s.EMAIL_HOST, s.EMAIL_PORT, s.SET_UP_HOURS)"
)


def settings_with(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    settings = {"DJANGO_SETTINGS_MODULE": "mailadmin.settings", "SECRET_KEY": "x" * 60, "VAR_DIR": str(tmp_path)}
    env = {"PATH": os.environ["PATH"], **settings, **environment}
    return subprocess.run([sys.executable, "-c", READ], env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SITE_URL", "mail.example.org"),
        ("SITE_URL", "ftp://mail.example.org"),
        ("SITE_URL", "https://mail.example.org/portal"),
        ("SITE_URL", "https://user@mail.example.org"),
        ("SITE_URL", "https://mail.example.org:port"),
        ("SITE_URL", "https://"),
        ("SITE_URL", "https://mail.example.org?x=1"),
        ("MAIL_FROM", "postmaster"),
        ("MAIL_FROM", "Mail <postmaster@example.org>\nBcc: x@example.org"),
        ("EMAIL_URL", "mail.example.org"),
        ("EMAIL_URL", "gopher://mail.example.org"),
        ("EMAIL_URL", "smtp://mail.example.org:port"),
        ("SET_UP_HOURS", "0"),
        ("SET_UP_HOURS", "soon"),
    ],
)
def test_nonsense_stops_the_start_in_one_line_that_names_it(tmp_path: Path, name: str, value: str) -> None:
    ended = settings_with(tmp_path, **{name: value})

    assert ended.returncode == 1
    assert name in ended.stderr.strip().splitlines()[-1] or name in ended.stderr.strip().splitlines()[-2]


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        (
            {"SITE_URL": "https://mail.example.org/"},
            "https://mail.example.org no-reply@mail.example.org 127.0.0.1 25 72",
        ),
        (
            {"SITE_URL": "http://[::1]:8000", "MAIL_FROM": "Mail <a@example.org>", "SET_UP_HOURS": "5"},
            "http://[::1]:8000 Mail <a@example.org> 127.0.0.1 25 5",
        ),
        (
            {"SITE_URL": "https://x.org", "EMAIL_URL": "smtp+tls://u:p@smtp.example.org:587"},
            "https://x.org no-reply@x.org smtp.example.org 587 72",
        ),
    ],
)
def test_what_makes_sense_is_taken(tmp_path: Path, environment: dict[str, str], found: str) -> None:
    assert settings_with(tmp_path, **environment).stdout.strip() == found


def test_the_password_of_a_mail_server_is_in_no_error(tmp_path: Path) -> None:
    assert "hunter2" not in settings_with(tmp_path, EMAIL_URL="smtp+tls://u:hunter2@smtp.example.org:port").stderr


@pytest.mark.parametrize(
    ("url", "https", "found"),
    [
        ("", True, ["letters.W001"]),
        ("http://mail.example.org", True, ["letters.W002"]),
        ("http://mail.example.org", False, []),
        ("https://mail.example.org", True, []),
    ],
)
def test_a_site_is_told_what_it_should_set(url: str, https: bool, found: list[str], settings: Any) -> None:
    settings.SITE_URL, settings.HTTPS = url, https

    assert [message.id for message in check_site_url()] == found
