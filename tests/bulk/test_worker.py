"""The real worker: it does an import by itself, and one that is killed is followed by the next."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.factories import PASSWORD
from tests.servers.process import wait_until
from tests.servers.project import Project
from tests.servers.redis import Redis
from tests.servers.worker import Worker

LINES = 24
SEND = "from bulk.services import start_import; from mailadmin.accounts.actors import Actor; row = start_import("
TELL = (
    "import json; from bulk.models import Import; from mailboxes.models import Mailbox;"
    "row = Import.objects.latest('id');"
    "print(json.dumps([row.state, row.to_create, row.refused, Mailbox.objects.count()]))"
)


@pytest.fixture
def worker(tmp_path: Path, new_database: Callable[[], str]) -> Iterator[Worker]:
    redis = Redis(tmp_path / "redis")
    redis.start()
    project = Project(tmp_path / "site", database_url=new_database(), broker_url=redis.url, SWEEP_SECONDS="1")
    project.set_up()
    project.manage("domain", "add", "example.org")
    worker = Worker(project)
    yield worker
    worker.stop()
    redis.stop()


def send(project: Project, path: Path, mode: str) -> None:
    told = f"kind='mailboxes', file=open({str(path)!r}, 'rb'), mode={mode!r}, actor=Actor.of_command())"
    project.manage("shell", "--no-imports", "-c", f"{SEND}{told}")


def state(project: Project) -> Any:
    return json.loads(project.manage("shell", "--no-imports", "-c", TELL))


def test_a_killed_worker_loses_and_doubles_nothing(worker: Worker, tmp_path: Path) -> None:
    """Killed while it hashes; its claim is taken for over, and the next one does the rest."""
    path = tmp_path / "people.csv"
    rows = [f"user{number}@example.org,{PASSWORD}" for number in range(LINES)]
    path.write_text("\n".join(["address,password", *rows]))
    worker.start()
    send(worker.project, path, "good")
    wait_until(lambda: b"bulk.tasks.work_on" in worker.log.read_bytes(), what="the worker has the import")
    time.sleep(0.5)
    worker.kill()

    release = "from bulk.models import Import; from bulk.services import sweep_imports;"
    release += "Import.objects.update(claimed_until=None); sweep_imports()"
    worker.project.manage("shell", "--no-imports", "-c", release)
    worker.start()
    wait_until(lambda: state(worker.project)[0] == "done", what="the import is done", seconds=90)

    assert state(worker.project) == ["done", LINES, 0, LINES]
