"""A real site of N mailboxes: gunicorn, MariaDB, Redis; a worker where it is wanted."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from bench import data
from tests.servers.gunicorn import Gunicorn
from tests.servers.mariadb import MariaDB
from tests.servers.process import run
from tests.servers.project import BASE_DIR, Project
from tests.servers.redis import Redis

# As durable as a site's: a commit is on the disk before it is answered.
DURABLE = ["--innodb-buffer-pool-size=1G", "--innodb-log-file-size=512M", "--skip-log-bin"]
PART_SECONDS = 900  # on a machine that has others to serve as well
RECOUNT = "from domains.tasks import recount; recount()"


class Site:
    def __init__(self, directory: Path, mariadb: MariaDB, redis: Redis, mailboxes: int) -> None:
        self.mailboxes = mailboxes
        self.project = Project(
            directory / f"site{mailboxes}",
            database_url=mariadb.create_database(f"site{mailboxes}"),
            broker_url=redis.url,
            MAPS_TYPE="lmdb",
            DJANGO_SETTINGS_MODULE="bench.settings",
            LOG_LEVEL="WARNING",
        )
        self.project.set_up()
        data.fill(mariadb, self.project.database, mailboxes)
        self.project.manage("shell", "--no-imports", "-c", RECOUNT)
        self.web = Gunicorn(self.project, workers=2)

    def inside(self, part: str) -> Any:
        """What bench/inside.py measures in a process of its own."""
        command = [sys.executable, "-m", "bench.inside", part]
        output = run(command, env=self.project.environment, cwd=BASE_DIR, seconds=PART_SECONDS)
        return json.loads(output.splitlines()[-1])
