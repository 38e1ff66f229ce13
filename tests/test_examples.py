"""docs/examples/, run as a personnel system would: against a web process and a worker, over connections that break."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.plugin import own_directory
from tests.servers.breaking import Breaking
from tests.servers.gunicorn import Gunicorn
from tests.servers.project import BASE_DIR, Project
from tests.servers.worker import Worker

EXAMPLES = BASE_DIR / "docs" / "examples"
BREAKS = ["before the request", "before the answer", "busy"]
PROGRAMS = {"python": [sys.executable, str(EXAMPLES / "onboard.py")], "shell": ["sh", str(EXAMPLES / "onboard.sh")]}


@dataclass
class Example:
    name: str
    site: Gunicorn
    token: str

    def run(self, *arguments: str, token: str = "", breaks: list[str] | None = None) -> Any:
        """The ended process, and at which moments its connections broke."""
        with Breaking(self.site.port, breaks or []) as way:
            environment = {**os.environ, "MAILADMIN_URL": way.url, "MAILADMIN_TOKEN": token or self.token}
            ended = subprocess.run(
                [*PROGRAMS[self.name], *arguments],
                env=environment, capture_output=True, text=True, timeout=120, check=False,
            )  # fmt: skip
        return ended, way.seen

    def arrive(self, number: str, *, breaks: list[str] | None = None) -> dict[str, Any]:
        ended, seen = self.run(
            "arrive", self.domain, f"{self.name} {number}", 'Joe "J"', "Doe", "joe@home.test", breaks=breaks
        )
        assert (ended.returncode, seen) == (0, [*(breaks or []), "never"]), ended.stderr
        return json.loads(ended.stdout)

    def leave(self, address: str, successor: str) -> dict[str, Any]:
        ended, _seen = self.run("leave", address, successor)
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    @property
    def domain(self) -> str:
        return f"{self.name}.example"

    def manage_json(self, *arguments: str) -> Any:
        return self.site.project.manage_json(*arguments)


@pytest.fixture(scope="module")
def site() -> Iterator[Gunicorn]:
    """A web process and a worker, on a site that sends links."""
    directory = own_directory() / "examples"
    project = Project(
        directory,
        database_url=f"sqlite:///{directory}/site.sqlite3",
        SITE_URL="https://mail.example.org",
        EMAIL_URL=f"filemail://{directory}/outbox",
        MAIL_FROM="mailadmin@example.org",
    )
    project.set_up()
    web, worker = Gunicorn(project), Worker(project)
    try:
        web.start()
        worker.start()
        yield web
    finally:
        web.stop()
        worker.kill()


@pytest.fixture(scope="module", params=PROGRAMS)
def example(request: Any, site: Gunicorn) -> Example:
    example = Example(request.param, site, token="")
    site.project.manage("domain", "add", example.domain)
    example.token = site.project.add_token(f"hr of {example.name}", "onboardings:create", "offboardings:create")
    return example


def test_a_person_comes_and_leaves_once_though_connections_break(example: Example) -> None:
    made = example.arrive("1", breaks=BREAKS)
    successor = example.arrive("2")

    assert made.get("live") is True, made
    assert made["address"].endswith(f"@{example.domain}")
    mailboxes = [each["address"] for each in example.manage_json("mailbox", "list", "--domain", example.domain)]
    assert sorted(mailboxes) == sorted({made["address"], successor["address"]})
    assert example.arrive("1")["code"] == "person_exists"

    left = example.leave(made["address"], successor["address"])
    assert (left["address"], left["state"]) == (made["address"], "running")
    assert example.leave(made["address"], successor["address"])["code"] == "offboarding_exists"


def test_a_refusal_ends_it_with_the_servers_words(example: Example) -> None:
    ended, seen = example.run("arrive", "nowhere.example", "3", "Joe", "Doe", "joe@home.test")

    assert (ended.returncode, ended.stdout, seen) == (1, "", ["never"])
    assert json.loads(ended.stderr)["status"] == 400


def test_a_bad_token_is_not_tried_again_and_not_shown(example: Example) -> None:
    ended, seen = example.run("leave", "joe@example.org", "ann@example.org", token="wrong")

    assert (ended.returncode, seen) == (1, ["never"])
    assert json.loads(ended.stderr)["status"] == 401
    assert "wrong" not in ended.stderr
