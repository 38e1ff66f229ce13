"""What two processes at once may not do, on MariaDB."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from tests.plugin import own_directory
from tests.servers.mariadb import MariaDB
from tests.servers.project import BASE_DIR, Project

ROUNDS = 15


@pytest.fixture
def project(new_database: Callable[[], str]) -> Project:
    project = Project(own_directory() / "races", database_url=new_database())
    project.set_up()
    project.environment["DJANGO_SETTINGS_MODULE"] = "mailadmin.settings"
    return project


def race(project: Project, start: float, local_part: str, names: list[str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.mailstack.racer", str(start), local_part, *names]
    return subprocess.Popen(
        command, env={**project.environment, "PATH": "/usr/bin:/bin"}, cwd=BASE_DIR, stdout=subprocess.PIPE, text=True
    )


def test_the_last_mailbox_of_a_domain_goes_to_one_of_two(project: Project, mariadb: MariaDB) -> None:
    names = [f"domain{number}.example" for number in range(ROUNDS)]
    for name in names:
        project.manage("domain", "add", name, "--max-mailboxes", "1")

    start = time.time() + 5
    racers = [race(project, start, local_part, names) for local_part in ("anna", "ben")]
    tries = [[line.split() for line in racer.communicate(timeout=60)[0].splitlines()] for racer in racers]

    assert [racer.returncode for racer in racers] == [0, 0]
    rounds = list(zip(*tries, strict=True))
    pairs = [sorted((anna[0], ben[0])) for anna, ben in rounds]
    assert pairs == [["domain_full", "made"]] * ROUNDS
    counts = mariadb.execute("SELECT domain, COUNT(*) FROM mailbox GROUP BY domain", database=project.database)
    assert sorted(counts) == sorted((name, 1) for name in names)
    met = [max(float(anna[1]), float(ben[1])) < min(float(anna[2]), float(ben[2])) for anna, ben in rounds]
    assert any(met), "the two were never at it at the same time"
