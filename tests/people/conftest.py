from __future__ import annotations

from typing import Any

import pytest

from domains.models import Domain
from people.models import Template
from people.services.templates import create_template
from tests.factories import system

SALES = """\
addresses: ["{first_initial}{last}", "{first}.{last}"]
aliases: ["{first}.{last}"]
groups: [sales@example.org]
quota_mb: 500
language: fr
offboarding:
  reply_subject: "{name} has left"
  reply_body: "Please write to {successor}."
  forward_days: 30
  archive_days: 60
  purge_days: 10
  reserve_days: 100
"""


@pytest.fixture(autouse=True)
def links_in_mails(settings: Any) -> None:
    settings.SITE_URL = "https://mail.example.org"


@pytest.fixture
def sales(example_org: Domain) -> Template:
    return create_template(name="Sales", domain=example_org, department="Sales", source=SALES, actor=system())
