"""Schemathesis, as people run it, on the OpenAPI document and a real site: all its checks, in sequences too. No request
that it thinks of is answered by an error of the server, or by what the document does not say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.plugin import own_directory
from tests.servers.gunicorn import Gunicorn
from tests.servers.process import run
from tests.servers.project import BASE_DIR, BIN, Project

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")  # names what is here
SUPERADMIN = "of a superadmin"
TOKENS = {
    "of another domain": (["all"], ["other.example"]),
    "of an onboarding script": (
        ["mailboxes:create", "aliases:create", "onboardings:create", "jobs:read"],
        ["example.org"],
    ),
    SUPERADMIN: (["all"], []),
}
# What can be wrong about a request is found out once: it takes most of the time, and is refused before who asks counts.
PHASES = "examples,coverage,fuzzing,stateful"


@pytest.fixture(scope="module")
def api_site(new_database: Callable[[], str]) -> Iterator[Gunicorn]:
    """With something at most of the keys that the configuration tries."""
    project = Project(own_directory() / "schema", database_url=new_database())
    project.set_up()
    for domain in ("example.org", "other.example"):
        project.manage("domain", "add", domain)
        project.manage("mailbox", "add", f"ann@{domain}", "--password-stdin", text="blue lamp under seven trees\n")
        project.manage("alias", "add", f"team@{domain}", f"--goto=ann@{domain}")
    project.manage("alias_domain", "add", "old.example", "--target=example.org")
    gunicorn = Gunicorn(project)
    try:
        gunicorn.start()
        yield gunicorn
    finally:
        gunicorn.stop()


@pytest.mark.parametrize("whose", TOKENS)
def test_every_answer_is_as_the_document_says(api_site: Gunicorn, whose: str) -> None:
    scopes, domains = TOKENS[whose]
    token = api_site.project.add_token(whose, *scopes, domains=domains)
    url, header = f"{api_site.url}/api/v1/schema/", f"Authorization: Bearer {token}"
    phases = PHASES if whose == SUPERADMIN else PHASES.replace(",coverage", "")
    options = ["--header", header, "--phases", phases, "--no-color"]
    run([BIN / "st", "--config-file", CONFIGURATION, "run", url, *options], cwd=BASE_DIR)
