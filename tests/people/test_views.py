"""The pages are wired to the services."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from domains.models import Domain
from mailadmin.accounts.models import Account
from mailboxes.models import Mailbox
from people.models import Offboarding, Onboarding, ReservedAddress, State, Step, Template
from people.services.offboarding import start_offboarding
from people.services.onboarding import onboard
from tests.factories import make_alias, make_domain, make_mailbox, password_hash, system

pytestmark = pytest.mark.django_db
SignIn = Callable[[Account], Client]


def _payload(**overrides: Any) -> dict[str, Any]:
    return {
        "given_name": "Joe",
        "family_name": "Doe",
        "department": "Sales",
        "domain": "example.org",
        "recovery_address": "joe@elsewhere.test",
        **overrides,
    }


@pytest.fixture
def group(sales: Template) -> None:
    make_alias("sales@example.org", make_mailbox("ann@example.org").pk)


def test_a_person_is_onboarded(signed_in: SignIn, alice: Account, group: None) -> None:
    response = signed_in(alice).post(reverse("people:onboarding_add"), _payload())

    assert (response.status_code, response["Location"]) == (302, "/mailboxes/jdoe@example.org/")
    onboarding = Onboarding.objects.get()
    assert (onboarding.made["groups"], onboarding.made["invitation"]) == (["sales@example.org"], "joe@elsewhere.test")


def test_a_typed_password_is_to_be_changed(signed_in: SignIn, alice: Account, group: None) -> None:
    signed_in(alice).post(reverse("people:onboarding_add"), _payload(password="three lamps under seven trees"))
    assert Account.objects.get(mailbox_id="jdoe@example.org").password_change_required


def test_what_is_refused_is_told_at_its_field(signed_in: SignIn, alice: Account, group: None) -> None:
    client, url = signed_in(alice), reverse("people:onboarding_add")
    for overrides, field in (
        ({"address": "ann@example.org"}, "address"),
        ({"recovery_address": ""}, "recovery_address"),
        ({"groups": "no@example.org"}, "groups"),
        ({"given_name": "李"}, "address"),
        ({"domain": "example.com"}, "domain"),
        ({"password": "short"}, "password"),
    ):
        response = client.post(url, _payload(**overrides))
        assert response.status_code == 200, overrides
        assert list(response.context["form"].errors) == [field]
    assert not Onboarding.objects.exists()


def test_a_preview_of_a_person_writes_nothing(signed_in: SignIn, alice: Account, group: None) -> None:
    response = signed_in(alice).post(reverse("people:onboarding_preview"), _payload())

    assert response.context["plan"].address == "jdoe@example.org"
    assert not Onboarding.objects.exists()


def test_a_mailbox_is_offboarded_and_it_is_undone(signed_in: SignIn, alice: Account, group: None) -> None:
    client, url = signed_in(alice), reverse("people:offboard", args=["ann@example.org"])
    days = {"forward_days": 1, "archive_days": 2, "purge_days": 3, "reserve_days": 4}

    response = client.post(url, {"at": "2030-01-01T09:00", "reply_body": "Gone.", **days})

    offboarding = Offboarding.objects.get()
    assert response["Location"] == reverse("people:offboarding", args=[offboarding.pk])
    assert (offboarding.state, offboarding.reserve_days, offboarding.at.year) == (State.PLANNED, 4, 2030)
    assert client.get(response["Location"]).status_code == 200
    client.post(reverse("people:offboarding_undo", args=[offboarding.pk]))
    offboarding.refresh_from_db()
    assert offboarding.state == State.UNDONE


def test_the_form_begins_with_what_the_template_says(signed_in: SignIn, alice: Account, group: None) -> None:
    onboard(
        domain=Domain.objects.get(pk="example.org"),
        person={"given_name": "Joe", "family_name": "Doe", "department": "Sales"},
        password_hash=password_hash(),
        actor=system(),
    )
    form = signed_in(alice).get(reverse("people:offboard", args=["jdoe@example.org"])).context["form"]
    assert (form["reserve_days"].value(), form["reply_subject"].value()) == (100, "{name} has left")


def test_a_step_that_failed_says_why(signed_in: SignIn, alice: Account, group: None) -> None:
    mailbox = Mailbox.objects.get(pk="ann@example.org")
    offboarding = start_offboarding(mailbox=mailbox, at=timezone.now() + timedelta(days=1), actor=system())
    Step.objects.filter(kind="sign_in").update(error="The sky is falling.")
    page = signed_in(alice).get(reverse("people:offboarding", args=[offboarding.pk])).content.decode()
    assert "The sky is falling." in page


def test_a_template_is_added_previewed_changed_and_deleted(signed_in: SignIn, alice: Account) -> None:
    client, names = signed_in(alice), {"given_name": "Jane", "family_name": "Doe"}
    payload = {"name": "All", "domain": "example.org", "department": "", "source": "addresses: ['{last}']", **names}

    preview = client.post(reverse("people:template_add_preview"), payload)
    assert preview.context["plan"].address == "doe@example.org"
    assert not Template.objects.exists()
    assert client.post(reverse("people:template_add"), payload).status_code == 302
    template = Template.objects.get()
    url = reverse("people:template", args=[template.pk])
    wrong = client.post(url, {**payload, "source": "a: b"})
    assert "Line 1, a" in str(wrong.context["form"].errors["source"])
    assert client.post(url, {**payload, "source": "quota_mb: 5"}).status_code == 302
    template.refresh_from_db()
    assert template.source == "quota_mb: 5"
    assert client.post(reverse("people:template_delete", args=[template.pk])).status_code == 302
    assert not Template.objects.exists()


def test_only_a_superadmin_writes_a_template_for_all_domains(signed_in: SignIn, alice: Account, root: Account) -> None:
    payload = {"name": "All", "domain": "", "source": "quota_mb: 5"}
    assert signed_in(alice).post(reverse("people:template_add"), payload).status_code == 200
    assert not Template.objects.exists()
    make_domain("third.org")
    assert signed_in(root).post(reverse("people:template_add"), payload).status_code == 302
    assert Template.objects.get().domain is None


def test_an_address_is_given_free(signed_in: SignIn, root: Account, group: None) -> None:
    start_offboarding(mailbox=Mailbox.objects.get(pk="ann@example.org"), wishes={"archive_days": 0}, actor=system())
    url = reverse("people:reserved_release", args=["ann@example.org"])
    assert signed_in(root).post(url).status_code == 302
    # The alias that led to her alone is kept free still.
    assert [row.pk for row in ReservedAddress.objects.all()] == ["sales@example.org"]


LISTS = ["people:onboarding_list", "people:offboarding_list", "people:template_list", "people:reserved_list"]


@pytest.mark.parametrize("name", LISTS)
def test_a_list_asks_as_often_for_three_rows_as_for_one(
    name: str, signed_in: SignIn, root: Account, example_org: Domain, django_assert_num_queries: Any
) -> None:
    client, counts = signed_in(root), []
    for number in range(3):
        person = {"given_name": "Joe", "family_name": "Doe", "external_id": str(number)}
        made = onboard(domain=example_org, person=person, password_hash=password_hash(), actor=system())
        mailbox = Mailbox.objects.get(pk=made.address)
        start_offboarding(mailbox=mailbox, wishes={"archive_days": 0}, actor=system())
        Template.objects.create(name=f"T{number}", domain=example_org, department=str(number), source="")
        if number == 1:
            continue
        with django_assert_num_queries(counts[0] if counts else _count(client, name)) as asked:
            assert len(client.get(reverse(name)).context["page"].rows) == number + 1
        counts.append(len(asked))


def _count(client: Client, name: str) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as asked:
        client.get(reverse(name))
    return len(asked)


@pytest.mark.parametrize("name", LISTS)
def test_nobody_of_another_domain_is_in_a_list(
    name: str, signed_in: SignIn, alice: Account, bob: Account, sales: Template, group: None
) -> None:
    start_offboarding(mailbox=Mailbox.objects.get(pk="ann@example.org"), wishes={"archive_days": 0}, actor=system())
    person = {"given_name": "Joe", "family_name": "Doe", "external_id": "1"}
    onboard(domain=Domain.objects.get(pk="example.org"), person=person, password_hash=password_hash(), actor=system())
    assert [len(signed_in(who).get(reverse(name)).context["page"].rows) > 0 for who in (alice, bob)] == [True, False]
