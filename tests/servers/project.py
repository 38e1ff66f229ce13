"""The project as a site runs it: its own database and directories, and `manage.py` on them."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .process import run

BASE_DIR = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
SUPERADMIN = "root@example.net"
PASSWORD = "correct horse battery"


class Project:
    """`environment` is what every process of the site is started with. `directory` holds var/, vmail/ and maps/."""

    def __init__(self, directory: Path, *, database_url: str, broker_url: str = "", **environment: str) -> None:
        self.directory = directory
        self.mail_volume = directory / "vmail"
        self.maps = directory / "maps"
        self.database = urlsplit(database_url).path.lstrip("/")
        for path in (directory / "var", self.mail_volume, self.maps):
            path.mkdir(parents=True)
        directory.chmod(0o755)
        self.environment = {
            "SECRET_KEY": "only for tests, and long enough that no check complains: 0123456789 abcdefghijk",
            "DATABASE_URL": database_url,
            "CELERY_BROKER_URL": broker_url,
            "VAR_DIR": str(directory / "var"),
            "MAIL_VOLUME": str(self.mail_volume),
            "MAPS_DIR": str(self.maps),
            "PYTHONPATH": str(BASE_DIR),
            **environment,
        }

    def set_up(self) -> None:
        """The tables, and a superadmin."""
        self.manage("migrate", "--verbosity=0")
        self.environment |= {
            "DJANGO_SUPERUSER_EMAIL": SUPERADMIN,
            "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
        }
        self.manage("createsuperuser", "--noinput")

    def manage(self, *arguments: str, text: str | None = None) -> str:
        return run([sys.executable, "manage.py", *arguments], env=self.environment, cwd=BASE_DIR, text=text)

    def manage_json(self, *arguments: str, text: str | None = None) -> Any:
        return json.loads(self.manage(*arguments, "--json", text=text))

    def add_token(self, name: str, *scopes: str, domains: Sequence[str] = ()) -> str:
        """Good for all domains unless some are given, and for as many requests as a test sends."""
        options = [f"--scope={scope}" for scope in scopes] + [f"--domain={domain}" for domain in domains]
        return self.manage("token", "add", name, "--requests-per-minute=1000000", *options).strip()
