"""From the answer to Save to Postfix's own answer, with a real worker."""

from __future__ import annotations

import subprocess
import time

from bench.client import Client
from bench.data import LARGE
from bench.pages import create
from bench.report import Line
from bench.site import Site
from tests.servers.process import wait_until
from tests.servers.worker import Worker

SAVES = 40
GOAL_MS = 1000


def measure_live(site: Site) -> list[Line]:
    site.project.manage("mailhost", "rebuild")
    site.project.manage("mailhost", "apply")
    worker = Worker(site.project)
    worker.start()
    try:
        client = Client(site.web.port)
        client.sign_in()
        waits = [_milliseconds_until_live(site, client, f"live{number}") for number in range(SAVES)]
    finally:
        worker.stop()
    what = f"live in Postfix after Save, {site.mailboxes:,}"
    return [Line(what, waits, most=GOAL_MS)]


def _milliseconds_until_live(site: Site, client: Client, local_part: str) -> float:
    client.get("/mailboxes/add/")
    create(client, "/mailboxes/add/", local_part, LARGE)
    saved = time.perf_counter()
    table = f"lmdb:{site.project.maps}/virtual_mailboxes"
    command = ["postmap", "-q", f"{local_part}@{LARGE}", table]
    wait_until(lambda: subprocess.run(command, capture_output=True, check=False).returncode == 0, what="live")
    return (time.perf_counter() - saved) * 1000
