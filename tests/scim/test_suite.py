"""The public compliance suite, as people run it, against the site."""

from __future__ import annotations

import subprocess

from tests.servers.gunicorn import Gunicorn
from tests.servers.project import BIN


def test_scim2_tester_passes_whole(site: Gunicorn) -> None:
    site.project.manage("domain", "add", "suite.test")
    token = site.project.add_token("suite", "scim", domains=["suite.test"])

    run = subprocess.run(
        [
            BIN / "scim",
            "--url",
            f"{site.url}/scim/v2/",
            "--header",
            f"Authorization: Bearer {token}",
            "test",
            "--verbose",
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    told = [
        line for line in run.stdout.splitlines() if line.split(" ")[0] in ("SUCCESS", "SKIPPED", "ERROR", "CRITICAL")
    ]
    assert {line.split(" ")[0] for line in told} == {"SUCCESS"}, run.stdout
    assert len(told) > 60
    assert run.returncode == 0, run.stderr
