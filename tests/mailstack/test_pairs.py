"""Pairs of writes at the same moment, on MariaDB: each goes through or is refused with a reason, none is half done."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.plugin import own_directory
from tests.servers.project import BASE_DIR, Project

PAIRS = [
    "rename and delete", "delete and restore", "restore twice", "alias and mailbox", "the same domain twice",
    "moves in opposite directions", "alias domain and mailbox", "alias domains in a circle", "delete twice",
    "edit and delete", "domain deleted and mailbox made", "aliases that share targets", "forwardings in a circle",
    "renames to one address", "administrators of one address", "password and rename", "bulk in both orders",
    "vacation set twice", "vacation and rename", "vacation and delete", "vacation set and ended",
]  # fmt: skip
GOOD = {"done", "PermissionDenied", "DoesNotExist"}


@pytest.fixture(scope="module")
def project(new_database: Callable[[], str]) -> Project:
    project = Project(own_directory() / "pairs", database_url=new_database())
    project.set_up()
    project.environment["DJANGO_SETTINGS_MODULE"] = "mailadmin.settings"
    return project


@pytest.fixture(scope="module")
def results(project: Project) -> dict[str, list[list[str]]]:
    command = [sys.executable, "-m", "tests.mailstack.pairs"]
    environment = {**project.environment, "PATH": "/usr/bin:/bin"}
    ran = subprocess.run(
        command, env=environment, cwd=BASE_DIR, capture_output=True, text=True, timeout=300, check=False
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, list[list[str]]] = json.loads(ran.stdout)
    return found


@pytest.mark.parametrize("name", PAIRS)
def test_each_of_a_pair_goes_through_or_is_refused(results: dict[str, list[list[str]]], name: str) -> None:
    assert [outcome for outcome in results[name] if not all(map(_is_clean, outcome))] == []


@pytest.mark.parametrize(
    "name",
    ["restore twice", "alias and mailbox", "the same domain twice", "renames to one address",
     "administrators of one address", "alias domain and mailbox", "alias domains in a circle", "delete twice",
     "forwardings in a circle"],
)  # fmt: skip
def test_one_of_a_pair_that_cannot_both_be(results: dict[str, list[list[str]]], name: str) -> None:
    assert [sorted(outcome).count("done") for outcome in results[name]] == [1] * len(results[name])


def test_the_running_counts_are_right_and_no_row_is_left_alone(results: dict[str, list[list[str]]]) -> None:
    assert results["left"] == []


def _is_clean(outcome: str) -> bool:
    return outcome in GOOD or (outcome.startswith("refused ") and outcome != "refused busy")
