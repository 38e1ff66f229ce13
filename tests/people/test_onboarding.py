"""Everything for a person by one call, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection

from aliases.models import Alias
from domains.models import Domain
from mailadmin.accounts.models import Account
from mailadmin.audit.models import Entry
from mailadmin.letters.models import Kind, Letter
from mailadmin.mailhost.models import MailHost, PendingWork
from mailadmin.pages.forms import codes
from mailboxes.models import Mailbox
from people.models import Onboarding, Person, Template
from people.services.onboarding import onboard
from people.services.templates import create_template
from tests.factories import actor_of, make_alias, make_mailbox, password_hash, system

pytestmark = pytest.mark.django_db
JOE = {"external_id": "4711", "given_name": "Joe", "family_name": "Doe", "department": "Sales"}


def _call(domain: Domain, **overrides: Any) -> dict[str, Any]:
    return {"domain": domain, "person": JOE, "password_hash": password_hash(), "actor": system(), **overrides}


@pytest.fixture
def ann(example_org: Domain) -> Mailbox:
    return make_mailbox("ann@example.org")


@pytest.fixture
def group(ann: Mailbox) -> Alias:
    return make_alias("sales@example.org", ann.pk)


def test_the_template_fills_in_the_rest(example_org: Domain, sales: Template, group: Alias) -> None:
    onboarding = onboard(**_call(example_org))

    assert (onboarding.address, onboarding.template_name) == ("jdoe@example.org", "Sales")
    assert onboarding.made == {
        "aliases": ["joe.doe@example.org"],
        "groups": ["sales@example.org"],
        "forwarding": [],
        "invitation": "",
    }
    mailbox = Mailbox.objects.get(pk="jdoe@example.org")
    assert (mailbox.name, mailbox.quota_bytes, mailbox.password) == ("Joe Doe", 512_000_000, password_hash())
    assert Alias.objects.get(pk="joe.doe@example.org").targets == ["jdoe@example.org"]
    assert Alias.objects.get(pk="sales@example.org").targets == ["ann@example.org", "jdoe@example.org"]
    assert Account.objects.get(mailbox=mailbox).language == "fr"
    assert Person.objects.get(mailbox=mailbox).department == "Sales"


def test_the_call_counts_before_the_template(example_org: Domain, sales: Template, group: Alias) -> None:
    wishes = {"aliases": ["j@example.org"], "groups": [], "quota_bytes": 0, "language": "en", "keep_copy": False}
    onboarding = onboard(
        **_call(example_org, address="joe@example.org", wishes=wishes | {"forwarding": ["joe@elsewhere.test"]})
    )

    assert onboarding.address == "joe@example.org"
    assert onboarding.made["aliases"] == ["j@example.org"]
    assert Alias.objects.get(pk="sales@example.org").targets == ["ann@example.org"]
    assert Alias.objects.get(pk="joe@example.org").targets == ["joe@elsewhere.test"]
    assert Mailbox.objects.get(pk="joe@example.org").quota_bytes == 0


def test_an_invitation_takes_the_place_of_a_password(example_org: Domain) -> None:
    onboarding = onboard(**_call(example_org, password_hash=None, recovery_address="Joe@Elsewhere.test"))

    assert onboarding.made["invitation"] == "joe@elsewhere.test"
    assert Mailbox.objects.get(pk=onboarding.address).email_other == "joe@elsewhere.test"
    assert list(Letter.objects.values_list("kind", "recipient")) == [(Kind.SET_UP, "joe@elsewhere.test")]


def test_the_audit_names_whom_and_who(example_org: Domain) -> None:
    onboard(**_call(example_org))

    entry = Entry.objects.get(action="person.onboard")
    assert (entry.object_key, entry.domain_name, entry.actor) == ("joe.doe@example.org", "example.org", system().label)


# Each refusal comes at another moment: after the mailbox, the aliases, the groups. Nothing of it may stay.
LOOP = {"forwarding": ["sales@example.org"], "groups": ["sales@example.org"]}
REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "address taken": ({"address": "ann@example.org"}, "local_part", "address_is_mailbox"),
    "address elsewhere": ({"address": "joe@example.com"}, "address", "address_elsewhere"),
    "quota": ({"wishes": {"quota_bytes": -5}}, "quota_bytes", "invalid"),
    "alias taken": ({"wishes": {"aliases": ["new@example.org", "ann@example.org"]}}, "aliases", "address_is_mailbox"),
    "alias of no domain": ({"wishes": {"aliases": ["joe@nowhere.test"]}}, "aliases", "domain_unknown"),
    "no such group": ({"wishes": {"groups": ["sales@example.org", "no@example.org"]}}, "groups", "group_unknown"),
    "a loop": (
        {"wishes": {"forwarding": ["sales@example.org"], "groups": ["sales@example.org"]}},
        "forwarding",
        "alias_loop",
    ),
    "a language": ({"wishes": {"language": "xx"}}, "language", "invalid"),
    "no password": ({"password_hash": None, "wishes": {"invitation": False}}, "password", "password_missing"),
    "no recovery address": ({"password_hash": None}, "recovery_address", "recovery_missing"),
    "both": ({"wishes": {"invitation": True}}, "invitation", "password_twice"),
    "own recovery address": ({"recovery_address": "joe.doe@example.org"}, "recovery_address", "recovery_own"),
    "a bad hash": ({"password_hash": "{PLAIN}x"}, "password_hash", "hash_scheme_unknown"),
    "unknown wish": ({"wishes": {"quota": 1}}, "quota", "field_unknown"),
    "unknown field": ({"person": {**JOE, "shoe_size": 44}}, "shoe_size", "field_unknown"),
    "a name of another script": ({"person": {"given_name": "李", "family_name": "小龍"}}, "address", "name_unwritable"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_leaves_nothing(name: str, example_org: Domain, group: Alias) -> None:
    overrides, field, code = REFUSED[name]
    before = _everything()

    with pytest.raises(ValidationError) as refused:
        onboard(**_call(example_org, **overrides))

    assert (list(refused.value.message_dict), next(codes(refused.value))) == ([field], code)
    assert _everything() == before


def _everything() -> list[int]:
    models = (Mailbox, Alias, Person, Account, Onboarding, Letter, Entry, PendingWork)
    return [model.objects.count() for model in models] + [len(Alias.objects.get(pk="sales@example.org").targets)]


def test_what_is_not_refused_leaves_something_of_each(example_org: Domain, group: Alias) -> None:
    MailHost.objects.get_or_create(name="main")
    before = _everything()

    onboard(
        **_call(
            example_org,
            password_hash=None,
            recovery_address="joe@elsewhere.test",
            wishes={"aliases": ["j@example.org"], "groups": ["sales@example.org"]},
        )
    )

    assert [now > then for now, then in zip(_everything(), before, strict=True)] == [True] * len(before)


def test_the_same_person_is_refused(example_org: Domain) -> None:
    onboard(**_call(example_org))
    for person in (JOE, {**JOE, "given_name": "Joseph"}):
        with pytest.raises(ValidationError) as refused:
            onboard(**_call(example_org, person=person))
        assert list(codes(refused.value)) == ["person_exists"]
    assert Mailbox.objects.count() == 1


def test_an_employee_number_is_one_persons_in_its_domain(example_org: Domain, example_com: Domain) -> None:
    person = {"given_name": "Joe", "family_name": "Doe", "employee_number": "12"}
    onboard(**_call(example_org, person=person))
    onboard(**_call(example_com, person=person))
    with pytest.raises(ValidationError) as refused:
        onboard(**_call(example_org, person=person))
    assert refused.value.message_dict.keys() == {"employee_number"}


def test_only_who_administers_the_domain(example_org: Domain, alice: Account, bob: Account) -> None:
    with pytest.raises(PermissionDenied):
        onboard(**_call(example_org, actor=actor_of(bob)))
    assert onboard(**_call(example_org, actor=actor_of(alice))).created_by == "alice@example.net"


def test_a_group_of_another_domain_is_as_unknown_as_one_that_is_not_there(
    example_org: Domain, example_com: Domain, alice: Account
) -> None:
    make_alias("all@example.com", "x@elsewhere.test")
    told = []
    for group in ("all@example.com", "no@example.com"):
        with pytest.raises(ValidationError) as refused:
            onboard(**_call(example_org, wishes={"groups": [group]}, actor=actor_of(alice)))
        told.append(str(refused.value).replace(group, ""))
    assert told[0] == told[1]


def test_collisions_take_the_next_rule_then_numbers(example_org: Domain, group: Alias, sales: Template) -> None:
    made = [onboard(**_call(example_org, person={**JOE, "external_id": str(number)})) for number in range(4)]

    assert [each.address.partition("@")[0] for each in made] == ["jdoe", "joe.doe2", "joe.doe3", "joe.doe4"]
    # What the rule of the alias gives the others is their address already.
    assert [each.made["aliases"] for each in made] == [["joe.doe@example.org"], [], [], []]


def test_collisions_without_aliases(example_org: Domain) -> None:
    source = "addresses: ['{first_initial}{last}', '{first}.{last}']"
    create_template(name="All", source=source, actor=system())
    made = [onboard(**_call(example_org, person={**JOE, "external_id": str(number)})) for number in range(3)]
    assert [each.address.partition("@")[0] for each in made] == ["jdoe", "joe.doe", "joe.doe2"]


def test_a_template_can_refuse_collisions(example_org: Domain) -> None:
    create_template(name="All", source="addresses: ['{last}', '{first}']\non_collision: refuse", actor=system())
    onboard(**_call(example_org))
    with pytest.raises(ValidationError) as refused:
        onboard(**_call(example_org, person={**JOE, "external_id": "2"}))
    assert list(codes(refused.value)) == ["address_taken"]


@pytest.mark.django_db(transaction=True)
def test_two_at_once_get_different_addresses(example_org: Domain) -> None:
    """On SQLite they come one after the other; MariaDB's lock of the domain is what this is about."""

    def one(number: int) -> str:
        try:
            return onboard(**_call(example_org, person={**JOE, "external_id": str(number)})).address
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        made = sorted(pool.map(one, range(8)))

    assert made == sorted(f"joe.doe{number}@example.org" for number in ("", *range(2, 9)))


@pytest.mark.django_db(transaction=True)
def test_the_same_person_twice_at_once_is_made_once(example_org: Domain) -> None:
    def one(_number: int) -> str:
        try:
            return onboard(**_call(example_org)).address
        except ValidationError as error:
            return next(codes(error))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(one, range(4)))

    assert answers == ["joe.doe@example.org", "person_exists", "person_exists", "person_exists"]
    assert Mailbox.objects.count() == 1


def test_the_number_of_queries_does_not_grow_with_the_domain(
    example_org: Domain, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    for number in range(5):
        onboard(**_call(example_org, person={**JOE, "external_id": str(number)}))
    with django_assert_max_num_queries(45):
        onboard(**_call(example_org, person={**JOE, "external_id": "99"}))
