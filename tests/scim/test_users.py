"""What a User is here: a mailbox, its person, its aliases."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from aliases.models import Alias
from domains.models import Domain
from mailadmin.accounts.schemes import verify
from mailadmin.audit.models import Entry
from mailadmin.mailhost.models import MailHost, PendingWork
from mailboxes.models import Mailbox
from mailboxes.services import delete_mailbox, rename_mailbox, restore_mailbox
from people.models import Person
from tests.factories import PASSWORD, make_alias, make_mailbox, system

from .conftest import ENTERPRISE, USER, ScimClient

pytestmark = pytest.mark.django_db
WORKPLACE = {
    "employeeNumber": "7",
    "costCenter": "C1",
    "organization": "Works",
    "division": "North",
    "department": "Engines",
    "manager": {"value": "8"},
}


def test_every_attribute_has_its_place(scim: ScimClient) -> None:
    user = scim.user(
        "joe@example.org",
        externalId="e1",
        name={"givenName": "Joe", "familyName": "Doe"},
        displayName="Joe D.",
        title="Engineer",
        preferredLanguage="fr",
        password=PASSWORD,
        **{ENTERPRISE: WORKPLACE},
    )

    shown = scim("GET", f"Users/{user['id']}")
    mailbox, person = Mailbox.objects.get(), Person.objects.get()
    assert shown.json() == user
    assert shown["ETag"] == user["meta"]["version"]
    assert (user["schemas"], user[ENTERPRISE]) == ([USER, ENTERPRISE], WORKPLACE)
    assert (mailbox.uid, mailbox.name, mailbox.active) == (user["id"], "Joe D.", True)
    assert verify(PASSWORD, mailbox.password)
    assert (person.external_id, person.given_name, person.family_name) == ("e1", "Joe", "Doe")
    assert (person.title, person.language, person.manager) == ("Engineer", "fr", "8")
    assert {entry.face for entry in Entry.objects.filter(action="mailbox.create")} == {"api"}


def test_mailboxes_of_other_hands_are_users_too(scim: ScimClient) -> None:
    make_mailbox("joe@example.org", name="Joe")
    make_alias("j@example.org", "joe@example.org")

    (user,) = scim("GET", "Users").json()["Resources"]

    assert (user["userName"], user["displayName"]) == ("joe@example.org", "Joe")
    assert user["emails"] == [
        {"value": "joe@example.org", "type": "work", "primary": True},
        {"value": "j@example.org", "type": "other"},
    ]


def test_emails_are_aliases(scim: ScimClient) -> None:
    make_alias("team@example.org", "joe@example.org", description="All of us")
    emails = [{"value": "joe@example.org"}, {"value": "J@example.org"}, {"value": "joe@home.test", "type": "home"}]
    path = f"Users/{scim.user('joe@example.org', emails=emails)['id']}"
    assert Alias.objects.get(pk="j@example.org").targets == ["joe@example.org"]

    changed = scim.patch(path, {"op": "remove", "path": 'emails[value eq "j@example.org"]'}).json()

    assert [email["value"] for email in changed["emails"]] == ["joe@example.org", "joe@home.test"]
    assert not Alias.objects.filter(pk="j@example.org").exists()
    assert Alias.objects.filter(pk="team@example.org").exists()  # a group with one member


def test_an_alias_that_is_somebody_elses_is_refused(scim: ScimClient) -> None:
    scim.user("joe@example.org")

    refused = scim(
        "POST", "Users", {"schemas": [USER], "userName": "jane@example.org", "emails": [{"value": "joe@example.org"}]}
    )

    assert (refused.status_code, refused.json()["scimType"]) == (409, "uniqueness")
    assert not Mailbox.objects.filter(pk="jane@example.org").exists()


def test_a_put_leaves_what_mail_depends_on(scim: ScimClient) -> None:
    user = scim.user("joe@example.org", emails=[{"value": "j@example.org"}], title="Engineer", active=False)

    put = scim("PUT", f"Users/{user['id']}", {"schemas": [USER], "userName": "joe@example.org"}).json()

    assert (put["active"], put["emails"], "title" in put) == (False, user["emails"], False)


def test_the_id_outlives_name_and_deletion(scim: ScimClient) -> None:
    user = scim.user("joe@example.org")

    mailbox = rename_mailbox(mailbox=Mailbox.objects.get(), address="joseph@example.org", actor=system())
    assert scim("GET", f"Users/{user['id']}").json()["userName"] == "joseph@example.org"
    archived = delete_mailbox(mailbox=mailbox, actor=system())
    assert scim("GET", f"Users/{user['id']}").status_code == 404
    restore_mailbox(archived=archived, actor=system())
    assert scim("GET", f"Users/{user['id']}").status_code == 200


def test_who_was_deleted_is_not_made_again_by_mistake(scim: ScimClient) -> None:
    user = scim.user("joe@example.org", externalId="e1")
    assert scim("DELETE", f"Users/{user['id']}").status_code == 204

    assert scim.found("Users", 'userName eq "joe@example.org"') == []
    assert scim("GET", "Users").json()["totalResults"] == 0
    assert scim("DELETE", f"Users/{user['id']}").status_code == 404
    again = scim("POST", "Users", {"schemas": [USER], "userName": "joe@example.org"})
    assert (again.status_code, again.json()["scimType"]) == (409, "uniqueness")


def test_the_same_again_changes_nothing(scim: ScimClient) -> None:
    MailHost.objects.get_or_create(name="main")
    user = scim.user("joe@example.org", externalId="e1", emails=[{"value": "j@example.org"}])
    before = Entry.objects.count(), PendingWork.objects.count()

    put = scim("PUT", f"Users/{user['id']}", user)
    patched = scim.patch(f"Users/{user['id']}", {"op": "replace", "path": "active", "value": True})

    assert (put.json(), patched.json()) == (user, user)
    assert (Entry.objects.count(), PendingWork.objects.count()) == before


def test_a_stale_change_is_refused(scim: ScimClient) -> None:
    user = scim.user("joe@example.org")
    path, version = f"Users/{user['id']}", user["meta"]["version"]
    title = {"op": "replace", "path": "title", "value": "Engineer"}

    assert scim("GET", path, If_None_Match=version).status_code == 304
    assert scim.patch(path, title, If_Match=version).status_code == 200
    assert scim("GET", path, If_None_Match=version).status_code == 200
    assert scim.patch(path, title, If_Match=version).status_code == 412
    assert scim("DELETE", path, If_Match=version).status_code == 412
    assert scim.patch(path, title, If_Match="*").status_code == 200


def test_a_token_sees_its_domains_alone(scim: ScimClient, example_com: Domain, api: Callable[..., Client]) -> None:
    user, stranger = scim.user("joe@example.org"), ScimClient(api("scim", domains=["example.com"]))
    path = f"Users/{user['id']}"

    assert stranger("GET", "Users").json()["totalResults"] == 0
    assert stranger.found("Users", 'userName eq "joe@example.org"') == []
    title = {"op": "replace", "path": "title", "value": "x"}
    answers = [stranger("GET", path), stranger.patch(path, title), stranger("DELETE", path)]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    made = stranger("POST", "Users", {"schemas": [USER], "userName": "jane@example.org"})
    assert (made.status_code, Mailbox.objects.count()) == (403, 1)


@pytest.mark.parametrize("count", [1, 3])
def test_a_page_asks_as_often_for_many_as_for_one(
    scim: ScimClient, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        scim.user(f"user{number}@example.org", emails=[{"value": f"u{number}@example.org"}])

    with django_assert_num_queries(QUERIES_OF_A_PAGE):
        assert len(scim("GET", "Users").json()["Resources"]) == count


# The token; the kept count and who is leaving; the keys; the rows; their persons; their aliases.
QUERIES_OF_A_PAGE = 7
