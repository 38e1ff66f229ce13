import pytest
from django.core.exceptions import PermissionDenied

from aliases.models import Alias
from aliases.services import create_alias, delete_alias, edit_alias, references_to, set_alias_active
from domains.models import DomainUsage
from mailadmin.audit.models import Entry
from mailadmin.mailhost.models import PendingWork
from mailadmin.revisions import revision
from mailboxes.services import set_forwarding
from tests.factories import (
    actor_of,
    make_administrator,
    make_alias,
    make_alias_domain,
    make_domain,
    make_mailbox,
    system,
)
from tests.refusals import refused

pytestmark = pytest.mark.django_db


def test_alias_created_with_many_targets():
    make_domain()
    alias = create_alias(
        address="Team@Example.org", targets="Joe@example.org, ann@elsewhere.test", description="All", actor=system()
    )
    row = Alias.objects.get()
    assert (row.address, row.goto, row.active) == ("team@example.org", "joe@example.org,ann@elsewhere.test", True)
    assert row.targets == ["joe@example.org", "ann@elsewhere.test"]
    assert DomainUsage.objects.get().aliases == 1
    assert Entry.objects.get(action="alias.create").after["goto"] == alias.goto
    assert PendingWork.objects.filter(key="team@example.org").count() == 1


def test_catch_all():
    make_domain()
    alias = create_alias(address="@example.org", targets=["joe@elsewhere.test"], actor=system())
    assert alias.is_catch_all


def test_whole_domain_target_only_for_a_catch_all():
    make_domain()
    assert make_alias("@example.org", "@elsewhere.test").targets == ["@elsewhere.test"]
    with refused("local_part_empty", "targets"):
        make_alias("team@example.org", "@elsewhere.test")


def test_address_in_use_is_refused():
    make_mailbox("joe@example.org")
    make_alias("team@example.org", "joe@example.org")
    make_alias_domain("old.org", make_domain("other.org"))
    for address, code in (
        ("joe@example.org", "address_is_mailbox"),
        ("team@example.org", "address_is_alias"),
        ("x@old.org", "domain_is_alias"),
        ("x@nowhere.org", "domain_unknown"),
        ("x/y@example.org", "local_part_invalid"),
    ):
        with refused(code, "address"):
            create_alias(address=address, targets=["x@elsewhere.test"], actor=system())
    assert Alias.objects.count() == 2


@pytest.mark.parametrize(
    ("targets", "code"),
    [
        ([], "target_missing"),
        (["team@example.org"], "alias_loop"),
        (["|cmd"], "target_not_address"),
        ([":include:/etc/x"], "target_not_address"),
        (["/var/mail/x"], "target_not_address"),
        (["a@b.org\nc@d.org"], "local_part_invalid"),
    ],
)
def test_target_that_mail_must_not_go_to_is_refused(targets, code):
    make_domain()
    with refused(code, "targets"):
        create_alias(address="team@example.org", targets=targets, actor=system())
    assert not Alias.objects.exists()


def test_loops_are_refused_however_long():
    make_domain()
    make_alias("c@example.org", "a@example.org")
    make_alias("b@example.org", "c@example.org", "x@elsewhere.test")
    with refused("alias_loop", "targets"):
        make_alias("a@example.org", "b@example.org")


def test_loop_through_the_catch_all_is_refused():
    make_domain()
    with refused("alias_loop", "targets"):
        make_alias("@example.org", "nobody@example.org")
    make_mailbox("joe@example.org")
    assert make_alias("@example.org", "joe@example.org").goto == "joe@example.org"


def test_loop_through_an_alias_domain_is_refused():
    domain = make_domain()
    make_alias_domain("old.org", domain)
    with refused("alias_loop", "targets"):
        make_alias("a@example.org", "a@old.org")


def test_loop_through_a_forwarding_is_refused():
    joe = make_mailbox("joe@example.org")
    make_alias("team@example.org", "joe@example.org")
    with refused("alias_loop", "targets"):
        set_forwarding(mailbox=joe, targets=["team@example.org"], keep_copy=True, actor=system())


def test_limit_of_aliases_does_not_count_forwardings():
    domain = make_domain(max_aliases=1)
    make_mailbox("joe@example.org")
    make_mailbox("ann@example.org")
    make_alias("team@example.org", "joe@example.org")
    with refused("domain_full", "address"):
        make_alias("more@example.org", "joe@example.org")
    assert Alias.objects.listed().filter(domain=domain).count() == 1


def test_domain_without_aliases():
    make_domain(max_aliases=-1)
    with refused("aliases_disabled", "address"):
        make_alias("team@example.org", "x@elsewhere.test")


def test_edit_and_switch():
    make_domain()
    alias = make_alias("team@example.org", "a@elsewhere.test")
    shown = revision(alias)
    edit_alias(alias=alias, changes={"targets": "b@elsewhere.test"}, expected_revision=shown, actor=system())
    with refused("stale"):
        edit_alias(alias=alias, changes={"targets": "c@elsewhere.test"}, expected_revision=shown, actor=system())
    set_alias_active(alias=alias, active=False, actor=system())
    row = Alias.objects.get()
    assert (row.goto, row.active) == ("b@elsewhere.test", False)


def test_forwarding_of_a_mailbox_is_not_written_as_an_alias():
    make_mailbox("joe@example.org")
    forwarding = Alias.objects.get()
    with refused("alias_of_mailbox"):
        delete_alias(alias=forwarding, actor=system())
    with refused("alias_of_mailbox"):
        edit_alias(alias=forwarding, changes={"active": False}, actor=system())
    assert Alias.objects.get().active


def test_deleted_alias_is_no_target_any_more():
    make_domain()
    alias = make_alias("team@example.org", "x@elsewhere.test")
    make_alias("all@example.org", "team@example.org", "y@elsewhere.test")
    make_alias("only@example.org", "team@example.org")
    assert [each.address for each in references_to(["team@example.org"])] == ["all@example.org", "only@example.org"]
    delete_alias(alias=alias, actor=system())
    assert list(Alias.objects.values_list("address", "goto")) == [("all@example.org", "y@elsewhere.test")]
    assert DomainUsage.objects.get().aliases == 1


def test_role_alias_is_for_superadmins(settings):
    domain = make_domain()
    alice = actor_of(make_administrator("alice@example.org", domain))
    with pytest.raises(PermissionDenied):
        create_alias(address="postmaster@example.org", targets=["x@elsewhere.test"], actor=alice)
    settings.ROLE_ALIASES_FOR_DOMAIN_ADMINS = True
    create_alias(address="postmaster@example.org", targets=["x@elsewhere.test"], actor=alice)


def test_alias_of_another_domain_is_not_allowed():
    make_domain()
    alias = make_alias("team@example.org", "x@elsewhere.test")
    bob = actor_of(make_administrator("bob@other.org", make_domain("other.org")))
    for attempt in (
        lambda: create_alias(address="new@example.org", targets=["x@elsewhere.test"], actor=bob),
        lambda: edit_alias(alias=alias, changes={"active": False}, actor=bob),
        lambda: delete_alias(alias=alias, actor=bob),
    ):
        with pytest.raises(PermissionDenied):
            attempt()
    assert Alias.objects.visible_to(bob).count() == 0
    assert Alias.objects.get().active
