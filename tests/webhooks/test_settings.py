"""What a site says of its webhooks, and what it is told when that cannot be meant."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

READ = "from django.conf import settings as s; print(*s.WEBHOOKS_ALLOWED_NETWORKS, s.WEBHOOK_KEEP_DAYS)"


def settings_with(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    settings = {"DJANGO_SETTINGS_MODULE": "mailadmin.settings", "SECRET_KEY": "x" * 60, "VAR_DIR": str(tmp_path)}
    env = {"PATH": os.environ["PATH"], **settings, **environment}
    return subprocess.run([sys.executable, "-c", READ], env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WEBHOOKS_ALLOWED_NETWORKS", "10.0.0.1/8"),
        ("WEBHOOKS_ALLOWED_NETWORKS", "10.0.0.0/8,hr.example.net"),
        ("WEBHOOK_KEEP_DAYS", "3"),
    ],
)
def test_nonsense_stops_the_start_and_is_named(tmp_path: Path, name: str, value: str) -> None:
    ended = settings_with(tmp_path, **{name: value})

    assert ended.returncode == 1
    assert name in ended.stderr.strip().splitlines()[-1]


def test_without_a_word_no_private_network_is_sent_to(tmp_path: Path) -> None:
    assert settings_with(tmp_path).stdout.split() == ["30"]


def test_networks_are_separated_by_commas(tmp_path: Path) -> None:
    ended = settings_with(tmp_path, WEBHOOKS_ALLOWED_NETWORKS="10.0.0.0/8, fd12::/48", WEBHOOK_KEEP_DAYS="4")

    assert ended.stdout.split() == ["10.0.0.0/8", "fd12::/48", "4"]
