"""Administrators: the services, the pages and the command that call them."""

import json
from io import StringIO

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.urls import reverse

from domains.models import Domain
from mailadmin.accounts import services
from mailadmin.accounts.models import Account, Role
from mailadmin.audit.models import Entry
from mailadmin.revisions import revision
from tests.factories import (
    PASSWORD,
    actor_of,
    make_administrator,
    make_domain,
    make_mailbox,
    make_superadmin,
    system,
)

pytestmark = pytest.mark.django_db

NEW = "a quite new password"


def codes_of(refused):
    """{field: [code]} of a ValidationError."""
    if hasattr(refused.value, "error_dict"):
        return {field: [error.code for error in errors] for field, errors in refused.value.error_dict.items()}
    return {"__all__": [error.code for error in refused.value.error_list]}


def domains_of(account):
    return list(account.domains.order_by("name").values_list("name", flat=True))


def edit(account, **changes):
    return services.edit_administrator(account=account, changes=changes, actor=system())


# -- The services -----------------------------------------------------------------------------------------
def test_create_a_domain_administrator():
    domain = make_domain()

    bob = services.create_administrator(
        email="Bob@Example.NET", password=PASSWORD, name=" Bob ", domains=[domain], actor=system()
    )

    assert (bob.email, bob.name, bob.role, bob.is_active) == ("bob@example.net", "Bob", Role.DOMAIN_ADMIN, True)
    assert bob.check_password(PASSWORD)
    assert domains_of(bob) == ["example.org"]
    entry = Entry.objects.get(action="administrator.create")
    assert (entry.object_key, entry.after["domains"]) == ("bob@example.net", ["example.org"])
    assert "$" not in entry.after["password"]


@pytest.mark.parametrize(
    ("overrides", "codes"),
    [
        ({"email": "no address"}, {"email": ["address_no_at"]}),
        ({"email": "ROOT@example.net"}, {"email": ["administrator_exists"]}),
        ({"role": Role.MAILBOX_USER}, {"role": ["role_invalid"]}),
        ({"role": "god"}, {"role": ["role_invalid"]}),
        ({"password": "short"}, {"password": ["password_short"]}),
        ({"password": "bob@example.net"}, {"password": ["password_personal"]}),
        ({"name": "x" * 256}, {"name": ["max_length"]}),
    ],
)
def test_create_is_refused(overrides, codes):
    make_superadmin("root@example.net")
    entries = Entry.objects.count()

    with pytest.raises(ValidationError) as refused:
        services.create_administrator(
            **{"email": "bob@example.net", "password": PASSWORD, "role": Role.DOMAIN_ADMIN, **overrides},
            actor=system(),
        )

    assert codes_of(refused) == codes
    assert (Account.objects.count(), Entry.objects.count()) == (1, entries)


def test_edit_records_what_changed_domains_among_it():
    bob = make_administrator("bob@example.net", make_domain("a.org"))
    other = make_domain("b.org")

    edit(bob, email="bobby@example.net", domains=[other])

    bob.refresh_from_db()
    assert (bob.email, domains_of(bob)) == ("bobby@example.net", ["b.org"])
    entry = Entry.objects.get(action="administrator.edit")
    assert entry.before == {"domains": ["a.org"], "email": "bob@example.net"}
    assert entry.after == {"domains": ["b.org"], "email": "bobby@example.net"}


def test_edit_that_changes_nothing_is_not_in_the_audit():
    bob = make_administrator("bob@example.net", make_domain("a.org"))

    edit(bob, name="", domains=list(Domain.objects.all()))

    assert not Entry.objects.filter(action="administrator.edit").exists()


def test_superadmin_keeps_no_list_of_domains():
    bob = make_administrator("bob@example.net", make_domain("a.org"))
    make_superadmin()

    edit(bob, role=Role.SUPERADMIN)
    edit(bob, role=Role.DOMAIN_ADMIN)

    assert domains_of(bob) == []


def test_stale_edit_is_refused():
    bob = make_administrator("bob@example.net", make_domain("a.org"))
    shown = revision(bob)
    edit(bob, domains=[])

    with pytest.raises(ValidationError) as refused:
        services.edit_administrator(account=bob, changes={"name": "B"}, expected_revision=shown, actor=system())

    assert codes_of(refused) == {"__all__": ["stale"]}
    assert Account.objects.get().name == ""


def test_sign_in_makes_no_form_stale(client):
    bob = make_administrator("bob@example.net")
    shown = revision(bob)

    client.post(reverse("accounts:sign_in"), {"identifier": "bob@example.net", "password": PASSWORD})

    bob.refresh_from_db()
    assert bob.last_login is not None
    assert revision(bob) == shown


@pytest.mark.parametrize(
    "take_away",
    [
        lambda root: services.delete_administrator(account=root, actor=system()),
        lambda root: services.set_administrator_active(account=root, active=False, actor=system()),
        lambda root: edit(root, role=Role.DOMAIN_ADMIN),
    ],
    ids=["delete", "off", "demote"],
)
def test_last_active_superadmin_stays(take_away):
    root = make_superadmin("root@example.net")
    make_administrator("bob@example.net")
    off = make_superadmin("off@example.net")
    services.set_administrator_active(account=off, active=False, actor=system())

    with pytest.raises(ValidationError) as refused:
        take_away(root)

    assert codes_of(refused) == {"__all__": ["last_superadmin"]}
    root.refresh_from_db()
    assert (root.is_active, root.role) == (True, Role.SUPERADMIN)
    services.set_administrator_active(account=off, active=True, actor=system())
    take_away(root)
    assert list(Account.objects.filter(role=Role.SUPERADMIN, is_active=True)) == [off]


def test_superadmin_who_is_off_can_be_deleted():
    make_superadmin("root@example.net")
    off = make_superadmin("off@example.net")
    services.set_administrator_active(account=off, active=False, actor=system())

    services.delete_administrator(account=off, actor=system())

    assert [account.email for account in Account.objects.all()] == ["root@example.net"]


def test_deleted_administrator_stays_in_the_audit():
    bob = make_administrator("bob@example.net", make_domain("a.org"))

    services.delete_administrator(account=bob, actor=system())

    entry = Entry.objects.get(action="administrator.delete")
    assert (entry.object_key, entry.before["domains"], entry.after) == ("bob@example.net", ["a.org"], {})


def test_domain_administrator_may_do_none_of_it():
    bob = make_administrator("bob@example.net")
    actor = actor_of(bob)
    acts = (
        lambda: services.create_administrator(email="x@example.net", password=PASSWORD, actor=actor),
        lambda: services.edit_administrator(account=bob, changes={"role": Role.SUPERADMIN}, actor=actor),
        lambda: services.set_administrator_active(account=bob, active=True, actor=actor),
        lambda: services.set_administrator_password(account=bob, password=NEW, actor=actor),
        lambda: services.delete_administrator(account=bob, actor=actor),
    )

    for act in acts:
        with pytest.raises(PermissionDenied):
            act()

    bob.refresh_from_db()
    assert (bob.role, bob.check_password(PASSWORD), Account.objects.count()) == (Role.DOMAIN_ADMIN, True, 1)


def test_mailbox_users_account_is_no_administrator_to_edit(client):
    make_mailbox("alice@example.org")
    client.post(reverse("accounts:sign_in"), {"identifier": "alice@example.org", "password": PASSWORD})

    with pytest.raises(Account.DoesNotExist):
        edit(Account.objects.get(), name="x")


# -- The pages --------------------------------------------------------------------------------------------
@pytest.fixture
def root(client):
    account = make_superadmin("root@example.net")
    client.post(reverse("accounts:sign_in"), {"identifier": account.address, "password": PASSWORD})
    return account


@pytest.fixture
def bob(db):
    return make_administrator("bob@example.net", make_domain("a.org"))


def url(name, account=None):
    return reverse(f"accounts:administrator{name}", args=[account.pk] if account else [])


def _payload(**overrides):
    return {
        "email": "new@example.net",
        "name": "New",
        "role": Role.DOMAIN_ADMIN.value,
        "domains": "a.org\nB.ORG",
        "password": NEW,
        "again": NEW,
        **overrides,
    }


def errors_of(response):
    assert response.status_code == 200
    form = response.context["form"]
    return {field: [error.code for error in errors.as_data()] for field, errors in form.errors.items()}


def test_page_adds_an_administrator(client, root, bob):
    make_domain("b.org")

    response = client.post(url("_add"), _payload())

    assert response.url == url("_list")
    added = Account.objects.get(email="new@example.net")
    assert (added.name, domains_of(added), added.check_password(NEW)) == ("New", ["a.org", "b.org"], True)
    assert Entry.objects.filter(action="administrator.create", actor="root@example.net", face="page").count() == 1


@pytest.mark.parametrize(
    ("overrides", "errors"),
    [
        ({"email": "nonsense"}, {"email": ["address_no_at"]}),
        ({"email": "bob@example.net"}, {"email": ["administrator_exists"]}),
        ({"domains": "a.org nowhere.org"}, {"domains": ["domain_unknown"]}),
        ({"domains": "-x"}, {"domains": ["domain_invalid"]}),
        ({"role": "god"}, {"role": ["invalid_choice"]}),
        ({"again": "different"}, {"again": ["password_differs"]}),
        ({"password": "short", "again": "short"}, {"password": ["password_short"]}),
    ],
)
def test_page_refuses_at_the_field_and_keeps_what_was_typed(client, root, bob, overrides, errors):
    response = client.post(url("_add"), _payload(**{"domains": "a.org", **overrides}))

    assert errors_of(response) == errors
    assert 'value="New"' in response.content.decode()
    assert NEW not in response.content.decode()
    assert not Account.objects.filter(email="new@example.net").exists()


def test_page_edits_an_administrator(client, root, bob):
    shown = client.get(url("", bob)).context["form"]
    data = {"email": "bob@example.net", "name": "Bob", "role": "domain_admin", "domains": ""}

    response = client.post(url("", bob), {**data, "revision": shown["revision"].value()})

    assert response.url == url("_list")
    bob.refresh_from_db()
    assert (bob.name, domains_of(bob)) == ("Bob", [])
    assert shown["domains"].value() == "a.org"


def test_page_shows_a_stale_edit_and_saves_it_when_sent_again(client, root, bob):
    shown = client.get(url("", bob)).context["form"]["revision"].value()
    edit(bob, name="by someone else")
    data = {"email": "bob@example.net", "name": "mine", "role": "domain_admin", "domains": "a.org"}

    response = client.post(url("", bob), {**data, "revision": shown})

    assert errors_of(response) == {"__all__": ["stale"]}
    assert "by someone else" in response.content.decode()
    client.post(url("", bob), {**data, "revision": response.context["form"]["revision"].value()})
    bob.refresh_from_db()
    assert bob.name == "mine"


def test_page_sets_a_password(client, root, bob):
    assert client.post(url("_password", bob), {"password": NEW, "again": NEW}).url == url("", bob)

    bob.refresh_from_db()
    assert bob.check_password(NEW)


def test_own_password_asks_for_the_present_one(client, root):
    assert client.post(url("_password", root), {"password": NEW, "again": NEW}).url == reverse("accounts:password")

    root.refresh_from_db()
    assert root.check_password(PASSWORD)


def test_page_switches_off_and_on_and_deletes_after_a_question(client, root, bob):
    for name in ("_off", "_on", "_delete"):
        assert client.get(url(name, bob)).status_code == 200
    assert Account.objects.get(pk=bob.pk).is_active

    client.post(url("_off", bob))
    assert not Account.objects.get(pk=bob.pk).is_active
    client.post(url("_on", bob))
    assert Account.objects.get(pk=bob.pk).is_active
    assert client.post(url("_delete", bob)).url == url("_list")
    assert not Account.objects.filter(pk=bob.pk).exists()


@pytest.mark.parametrize("name", ["_off", "_delete"])
def test_page_says_why_the_last_superadmin_stays(client, root, name):
    response = client.post(url(name, root))

    assert response.status_code == 200
    assert "This is the last active superadmin" in response.content.decode()
    assert Account.objects.filter(pk=root.pk, is_active=True).exists()


def test_list_finds_by_address_name_and_state(client, root, bob):
    def listed(**query):
        return [account.email for account in client.get(url("_list"), query).context["page"].rows]

    assert listed() == ["bob@example.net", "root@example.net"]
    assert listed(q="bob") == ["bob@example.net"]
    services.set_administrator_active(account=bob, active=False, actor=system())
    assert listed(state="off") == ["bob@example.net"]
    assert listed(state="on", sort="-email") == ["root@example.net"]


def test_mailbox_users_are_not_listed(client, root, bob):
    Account.objects.create(role=Role.MAILBOX_USER, mailbox=make_mailbox("alice@a.org"))

    content = client.get(url("_list")).content.decode()

    assert "bob@example.net" in content
    assert "alice@a.org" not in content


@pytest.mark.parametrize("count", [1, 3])
def test_list_takes_as_many_queries_for_many(client, root, django_assert_num_queries, count):
    for number in range(count):
        make_administrator(f"user{number}@example.net", make_domain(f"d{number}.org"))

    with django_assert_num_queries(4):  # session, account, administrators, their domains
        client.get(url("_list"))


def test_export_has_one_line_for_each(client, root, bob):
    response = client.get(url("_export"))

    lines = b"".join(response).decode().splitlines() if response.streaming else response.content.decode().splitlines()
    assert [line.partition(",")[0].strip('"\ufeff') for line in lines] == [
        "email",
        "bob@example.net",
        "root@example.net",
    ]


PAGES = ("_list", "_export", "_add", "", "_password", "_on", "_off", "_delete")


@pytest.mark.parametrize("name", PAGES)
def test_page_is_for_superadmins_alone(client, bob, name):
    page = url(name, None if name in ("_list", "_export", "_add") else bob)
    alice = Account.objects.create(role=Role.MAILBOX_USER, mailbox=make_mailbox("alice@a.org"))

    assert client.get(page).url == f"/sign-in/?next={page}"
    for account in (bob, alice):
        client.force_login(account)
        assert client.get(page).status_code == 403
        assert client.post(page, _payload()).status_code == 403
    assert Account.objects.filter(pk=bob.pk, is_active=True).exists()


@pytest.mark.parametrize("name", PAGES[3:])
def test_unknown_administrator_is_not_found(client, root, name):
    mailbox_user = Account.objects.create(role=Role.MAILBOX_USER, mailbox=make_mailbox("alice@a.org"))

    assert client.get(reverse(f"accounts:administrator{name}", args=[99_999])).status_code == 404
    assert client.get(url(name, mailbox_user)).status_code == 404


# -- The command ------------------------------------------------------------------------------------------
def run(*arguments, stdin="", monkeypatch=None):
    out = StringIO()
    if monkeypatch:
        monkeypatch.setattr("sys.stdin", StringIO(stdin))
    call_command("admin", *arguments, stdout=out)
    return out.getvalue()


def test_command_adds_shows_edits_and_deletes(monkeypatch):
    make_domain("a.org")
    make_superadmin("root@example.net")

    added = json.loads(
        run(
            "add",
            "Bob@example.net",
            "--domain",
            "A.org",
            "--name",
            "Bob",
            "--password-stdin",
            "--json",
            stdin=PASSWORD + "\n",
            monkeypatch=monkeypatch,
        )
    )
    del added["created_at"]
    expected = {
        "email": "bob@example.net",
        "name": "Bob",
        "active": True,
        "superadmin": False,
        "domains": ["a.org"],
    }
    assert added == expected
    assert Account.objects.get(email="bob@example.net").check_password(PASSWORD)
    run(
        "edit", "bob@example.net", "--superadmin", "--no-active", "--password-stdin", stdin=NEW, monkeypatch=monkeypatch
    )
    bob = Account.objects.get(email="bob@example.net")
    assert (bob.is_superadmin, bob.is_active, bob.check_password(NEW), domains_of(bob)) == (True, False, True, [])
    assert [row["email"] for row in json.loads(run("list", "--json"))] == ["bob@example.net", "root@example.net"]
    run("delete", "bob@example.net")
    assert not Account.objects.filter(email="bob@example.net").exists()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["add", "bob@example.net", "--domain", "nowhere.org"], "domain: There is no domain nowhere.org."),
        (["add", "nonsense"], "email: “nonsense” is not an address: it has no @."),
        (["show", "bob@example.net"], "There is no email bob@example.net."),
        (["edit", "root@example.net", "--name", "R", "--no-active"], "This is the last active superadmin"),
        (["delete", "root@example.net"], "This is the last active superadmin"),
    ],
)
def test_command_is_refused_and_changes_nothing(arguments, text):
    make_superadmin("root@example.net")

    with pytest.raises(CommandError) as refused:
        run(*arguments)

    assert str(refused.value).startswith(text)
    assert list(Account.objects.values_list("email", "name", "is_active")) == [("root@example.net", "", True)]


def test_createsuperuser_reads_the_environment(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_EMAIL", "Root@Example.net")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)

    call_command("createsuperuser", interactive=False, stdout=StringIO())

    root = Account.objects.get()
    assert (root.email, root.role, root.check_password(PASSWORD)) == ("root@example.net", Role.SUPERADMIN, True)


def test_createsuperuser_refuses_a_short_password(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_EMAIL", "root@example.net")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "short")

    with pytest.raises(CommandError, match="at least 10 characters"):
        call_command("createsuperuser", interactive=False, stdout=StringIO())
    assert not Account.objects.exists()
