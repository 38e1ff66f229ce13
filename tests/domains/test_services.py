import pytest
from django.core.exceptions import PermissionDenied

from aliases.models import Alias
from domains.models import AliasDomain, Domain, DomainUsage
from domains.services import (
    create_alias_domain,
    create_domain,
    delete_alias_domain,
    delete_domain,
    edit_alias_domain,
    edit_domain,
    set_domain_active,
)
from mailadmin.audit.models import Entry
from mailadmin.mailhost.models import Kind, PendingWork
from mailadmin.revisions import revision
from mailboxes.models import ArchivedMailbox, Mailbox
from tests.factories import (
    actor_of,
    make_administrator,
    make_alias,
    make_alias_domain,
    make_domain,
    make_mailbox,
    make_superadmin,
    system,
)
from tests.refusals import refused

pytestmark = pytest.mark.django_db


def queued(kind):
    return set(PendingWork.objects.filter(kind=kind).values_list("key", flat=True))


def test_domain_created_is_audited_and_queued():
    root = make_superadmin()
    domain = create_domain(name="Exämple.org", description="Ours", actor=actor_of(root))
    assert domain.pk == "xn--exmple-cua.org"
    assert str(domain) == "exämple.org"
    entry = Entry.objects.get(action="domain.create")
    assert (entry.actor, entry.face, entry.client_address) == ("root@example.net", "page", "192.0.2.7")
    assert (entry.object_key, entry.domain_name, entry.before) == (domain.pk, domain.pk, {})
    assert entry.after["description"] == "Ours"
    assert queued(Kind.DOMAIN) == {domain.pk}


def test_domain_with_role_aliases():
    create_domain(name="example.org", role_aliases_to="root@example.net", actor=system())
    assert list(Alias.objects.values_list("address", "goto")) == [
        ("abuse@example.org", "root@example.net"),
        ("hostmaster@example.org", "root@example.net"),
        ("postmaster@example.org", "root@example.net"),
        ("webmaster@example.org", "root@example.net"),
    ]
    assert DomainUsage.objects.get().aliases == 4


def test_domain_with_a_wrong_role_address_is_not_created():
    with refused("target_not_address", "role_aliases_to"):
        create_domain(name="example.org", role_aliases_to="|cmd", actor=system())
    assert not Domain.objects.exists()
    assert not Entry.objects.exists()
    assert not PendingWork.objects.exists()


def test_domain_that_is_there_is_refused():
    make_domain()
    with refused("domain_exists", "name"):
        create_domain(name="EXAMPLE.org", actor=system())


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("max_mailboxes", -2, "limit_invalid"),
        ("max_aliases", "many", "limit_invalid"),
        ("quota_mb", -2, "limit_invalid"),
        ("max_quota_mb", -7, "limit_invalid"),
        ("password_expiry_days", -1, "days_invalid"),
        ("transport", "smtp:[mx] x", "transport_invalid"),
        ("transport", "smtp:x\nlocal", "transport_invalid"),
        ("transport", "", "transport_invalid"),
    ],
)
def test_domain_with_a_wrong_field_is_refused(field, value, code):
    with refused(code, field):
        create_domain(name="example.org", actor=system(), **{field: value})
    assert not Domain.objects.exists()


def test_domain_is_for_superadmins():
    domain = make_domain()
    alice = actor_of(make_administrator("alice@example.org", domain))
    for attempt in (
        lambda: create_domain(name="other.org", actor=alice),
        lambda: edit_domain(domain=domain, changes={"max_mailboxes": 0}, actor=alice),
        lambda: set_domain_active(domain=domain, active=False, actor=alice),
        lambda: delete_domain(domain=domain, actor=alice),
    ):
        with pytest.raises(PermissionDenied):
            attempt()
    assert list(Domain.objects.values_list("pk", "active")) == [("example.org", True)]


def test_edit_records_only_what_differs():
    domain = make_domain(max_mailboxes=5)
    edit_domain(domain=domain, changes={"max_mailboxes": 7, "description": ""}, actor=system())
    entry = Entry.objects.get(action="domain.edit")
    assert (entry.before, entry.after) == ({"max_mailboxes": 5}, {"max_mailboxes": 7})


def test_edit_of_nothing_is_not_recorded():
    domain = make_domain()
    edit_domain(domain=domain, changes={"description": ""}, actor=system())
    assert not Entry.objects.filter(action="domain.edit").exists()


def test_edit_queues_only_what_mail_depends_on():
    domain = make_domain()
    PendingWork.objects.all().delete()
    edit_domain(domain=domain, changes={"description": "x", "max_mailboxes": 3}, actor=system())
    assert queued(Kind.DOMAIN) == set()
    edit_domain(domain=domain, changes={"transport": "smtp:[mx.example.net]"}, actor=system())
    assert queued(Kind.DOMAIN) == {"example.org"}


def test_stale_edit_is_refused_and_the_other_one_kept():
    domain = make_domain()
    shown = revision(domain)
    edit_domain(domain=domain, changes={"description": "first"}, expected_revision=shown, actor=system())
    with refused("stale"):
        edit_domain(domain=domain, changes={"description": "second"}, expected_revision=shown, actor=system())
    assert Domain.objects.get().description == "first"


def test_off_and_on_again_touches_no_row_of_the_domain():
    mailbox = make_mailbox("joe@example.org")
    make_mailbox("off@example.org", active=False)
    make_alias("team@example.org", "joe@example.org")

    def rows():
        return [*Mailbox.objects.values(), *Alias.objects.values()]

    before = rows()
    domain = set_domain_active(domain=mailbox.domain, active=False, actor=system())
    assert not Domain.objects.get().active
    set_domain_active(domain=domain, active=True, actor=system())
    assert rows() == before
    assert Domain.objects.get().active


def test_delete_takes_everything_and_leaves_no_target():
    domain = make_mailbox("joe@example.org", quota_bytes=5).domain
    make_mailbox("ann@example.org")
    make_alias("team@example.org", "joe@example.org")
    make_domain("other.org")
    make_alias("both@other.org", "joe@example.org", "x@elsewhere.test")
    make_alias("only@other.org", "joe@example.org")
    make_alias("near@other.org", "joe@example.org.test")
    delete_domain(domain=domain, actor=system())
    assert list(Domain.objects.values_list("pk", flat=True)) == ["other.org"]
    assert not Mailbox.objects.exists()
    assert list(Alias.objects.values_list("address", "goto")) == [
        ("both@other.org", "x@elsewhere.test"),
        ("near@other.org", "joe@example.org.test"),
    ]
    assert set(ArchivedMailbox.objects.values_list("address", flat=True)) == {"joe@example.org", "ann@example.org"}
    assert DomainUsage.objects.get(pk="other.org").aliases == 2
    assert Entry.objects.filter(action="mailbox.delete").count() == 2
    assert Entry.objects.get(action="domain.delete").before["name"] == "example.org"


def test_delete_of_a_target_is_refused():
    domain = make_domain()
    make_alias_domain("old.org", domain)
    with refused("domain_is_target", "name"):
        delete_domain(domain=domain, actor=system())
    assert Domain.objects.filter(pk="example.org").exists()


def test_alias_domain_makes_its_domain():
    domain = make_domain()
    make_alias_domain("Old.org", domain)
    assert list(Domain.objects.values_list("pk", flat=True)) == ["example.org", "old.org"]
    assert AliasDomain.objects.get().target_id == "example.org"
    assert "old.org" in queued(Kind.DOMAIN)


@pytest.mark.parametrize(
    ("name", "target", "field", "code"),
    [
        ("example.org", "example.org", "target", "target_is_itself"),
        ("new.org", "old.org", "target", "target_is_alias"),
        ("old.org", "example.org", "name", "alias_domain_exists"),
        ("example.org", "full.org", "name", "domain_is_target"),
        ("full.org", "example.org", "name", "domain_not_empty"),
        ("a..b", "example.org", "name", "domain_invalid"),
    ],
)
def test_alias_domain_that_makes_no_sense_is_refused(name, target, field, code):
    make_alias_domain("old.org", make_domain())
    make_mailbox("joe@full.org")
    before = list(Domain.objects.values()), list(AliasDomain.objects.values())
    with refused(code, field):
        create_alias_domain(name=name, target=Domain.objects.get(pk=target), actor=system())
    assert (list(Domain.objects.values()), list(AliasDomain.objects.values())) == before


def test_alias_domain_of_a_new_name_is_for_superadmins():
    domain = make_domain()
    empty = make_domain("empty.org")
    alice = actor_of(make_administrator("alice@example.org", domain, empty))
    create_alias_domain(name="empty.org", target=domain, actor=alice)
    with pytest.raises(PermissionDenied):
        create_alias_domain(name="bank.example", target=domain, actor=alice)
    assert not Domain.objects.filter(pk="bank.example").exists()


def test_alias_domain_pointed_elsewhere_queues_what_it_loses():
    make_mailbox("joe@example.org")
    alias_domain = make_alias_domain("old.org", Domain.objects.get())
    other = make_domain("other.org")
    PendingWork.objects.all().delete()
    edit_alias_domain(alias_domain=alias_domain, changes={"target": other}, actor=system())
    assert queued(Kind.ADDRESS) == {"joe@old.org"}
    assert queued(Kind.DOMAIN) == {"old.org"}


def test_alias_domain_deleted_takes_its_empty_domain_along():
    make_mailbox("joe@example.org")
    alias_domain = make_alias_domain("old.org", Domain.objects.get())
    PendingWork.objects.all().delete()
    delete_alias_domain(alias_domain=alias_domain, actor=system())
    assert list(Domain.objects.values_list("pk", flat=True)) == ["example.org"]
    assert queued(Kind.ADDRESS) == {"joe@old.org"}


def test_address_queued_with_its_alias_domains():
    make_alias_domain("old.org", make_domain())
    PendingWork.objects.all().delete()
    make_mailbox("joe@example.org")
    assert queued(Kind.ADDRESS) == {"joe@example.org", "joe@old.org"}


def test_an_alias_domain_that_would_close_a_loop_is_refused():
    domain, other = make_domain("example.org"), make_domain("example.com")
    make_alias("joe@example.org", "joe@old.org")
    with refused("alias_loop", field="name"):
        create_alias_domain(name="old.org", target=domain, actor=system())
    old = create_alias_domain(name="old.org", target=other, actor=system())
    with refused("alias_loop", field="target"):
        edit_alias_domain(alias_domain=old, changes={"target": domain}, actor=system())
