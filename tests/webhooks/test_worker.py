"""A site's own worker, and what it does when it is killed at the worst moment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.servers.certificate import Certificate
from tests.servers.process import wait_until
from tests.servers.project import Project
from tests.servers.receiver import Receiver, reply
from tests.servers.worker import Worker

REGISTER = """
from tests.factories import system
from mailadmin.webhooks.services import create_endpoint
create_endpoint(name="hr", url="{url}", event_types=["domain.create"], actor=system())
"""
# As if a minute had passed.
LET_CLAIMS_END = """
from django.utils import timezone
from mailadmin.webhooks.models import Delivery, Endpoint
print(Delivery.objects.get().state, Delivery.objects.get().attempts)
Delivery.objects.update(due_at=timezone.now())
Endpoint.objects.update(rests_until=timezone.now())
"""
TELL = "from mailadmin.webhooks.models import Delivery as D; print(D.objects.get().state, D.objects.get().attempts)"


class Site(Project):
    def run(self, code: str) -> str:
        return self.manage("shell", "--no-imports", "-c", code).strip()


@pytest.fixture
def site(tmp_path: Path, receiver: Receiver, authority: Certificate) -> Site:
    site = Site(
        tmp_path / "site",
        database_url=f"sqlite:///{tmp_path}/site.sqlite3",
        WEBHOOKS_ALLOWED_NETWORKS="127.0.0.0/8",
        SSL_CERT_FILE=str(authority.certificate),
        SWEEP_SECONDS="1",
    )
    site.manage("migrate", "--verbosity=0")
    site.run(REGISTER.format(url=receiver.url()))
    return site


@pytest.fixture
def worker(site: Site) -> Iterator[Worker]:
    worker = Worker(site, with_beat=True)
    worker.start()
    yield worker
    worker.stop()


def test_a_worker_killed_before_it_noted_the_answer_sends_it_once_more(
    site: Site, worker: Worker, receiver: Receiver
) -> None:
    """At least once: the receiver knows it by its id."""

    def kill(handler: BaseHTTPRequestHandler) -> None:
        worker.kill()
        reply(204)(handler)

    receiver.answers = [kill]
    site.manage("domain", "add", "example.org")
    wait_until(lambda: receiver.received, what="the event arrives")
    assert site.run(LET_CLAIMS_END) == "waiting 1"

    worker.start()
    wait_until(lambda: len(receiver.received) == 2, what="the event arrives once more")
    wait_until(lambda: site.run(TELL) == "delivered 2", what="the worker notes the answer")

    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert json.loads(first.body)["data"]["key"] == "example.org"
