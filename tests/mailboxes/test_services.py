import json
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone

from aliases.models import Alias
from domains.models import Domain, DomainUsage
from mailadmin.accounts.models import Account, Role
from mailadmin.accounts.schemes import verify
from mailadmin.audit.models import Entry
from mailadmin.mailhost.models import Kind, PendingWork
from mailadmin.revisions import revision
from mailboxes.models import NEVER, ArchivedMailbox, Mailbox, MailboxUsage
from mailboxes.services import (
    create_mailbox,
    delete_mailbox,
    edit_mailbox,
    rename_mailbox,
    restore_mailbox,
    set_forwarding,
    set_mailbox_active,
    set_mailbox_password,
)
from mailboxes.tasks import purge_archive
from tests.factories import (
    PASSWORD,
    actor_of,
    make_administrator,
    make_alias,
    make_alias_domain,
    make_domain,
    make_mailbox,
    password_hash,
    system,
)
from tests.refusals import refused

pytestmark = pytest.mark.django_db
MB = 1_024_000


def maildirs():
    return list(PendingWork.objects.filter(kind=Kind.MAILDIR).values_list("source", "target"))


def test_mailbox_created_with_its_forwarding():
    domain = make_domain()
    create_mailbox(domain=domain, local_part="Joe", password=PASSWORD, name="Joe Doe", actor=system())
    row = Mailbox.objects.get()
    assert (row.address, row.local_part, row.domain_id) == ("joe@example.org", "joe", "example.org")
    assert (row.maildir, row.quota_bytes, row.active) == ("example.org/joe/", 0, True)
    assert row.password.startswith("{ARGON2ID}$argon2id$")
    assert verify(PASSWORD, row.password)
    assert list(Alias.objects.values_list("address", "goto", "active")) == [
        ("joe@example.org", "joe@example.org", True)
    ]
    assert not Alias.objects.listed().exists()
    usage = DomainUsage.objects.get()
    assert (usage.mailboxes, usage.aliases, usage.quota_bytes) == (1, 0, 0)
    assert maildirs() == [("", "users/example.org/joe/")]


def test_no_secret_reaches_the_audit():
    mailbox = make_mailbox("joe@example.org")
    set_mailbox_password(mailbox=mailbox, password="another good one", actor=system())
    entries = Entry.objects.filter(object_key="joe@example.org")
    assert {entry.action for entry in entries} == {"mailbox.create", "mailbox.password"}
    written = json.dumps([[entry.before, entry.after] for entry in entries], ensure_ascii=False)
    assert "•••" in written
    for secret in (PASSWORD, "another good one", "argon2", *Mailbox.objects.values_list("password", flat=True)):
        assert secret not in written


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"local_part": "a/b"}, "local_part", "local_part_invalid"),
        ({"local_part": ""}, "local_part", "local_part_empty"),
        ({"local_part": "joe@example.org@x"}, "local_part", "local_part_invalid"),
        ({"password": None}, "password", "password_missing"),
        ({"password": "short"}, "password", "password_short"),
        ({"quota_bytes": -1}, "quota_bytes", "quota_invalid"),
        ({"quota_bytes": 2**63}, "quota_bytes", "quota_invalid"),
    ],
)
def test_mailbox_with_a_wrong_field_is_not_created(fields, field, code):
    payload = {"domain": make_domain(), "local_part": "joe", "password": PASSWORD, "actor": system(), **fields}
    with refused(code, field):
        create_mailbox(**payload)
    assert not Mailbox.objects.exists()
    assert not Alias.objects.exists()
    assert not PendingWork.objects.filter(kind=Kind.MAILDIR).exists()
    assert not Entry.objects.filter(action="mailbox.create").exists()


def test_address_in_use_is_refused():
    domain = make_mailbox("joe@example.org").domain
    make_alias("team@example.org", "joe@example.org")
    for local_part, code in (("joe", "address_is_mailbox"), ("TEAM", "address_is_alias")):
        with refused(code, "local_part"):
            create_mailbox(domain=domain, local_part=local_part, password_hash=password_hash(), actor=system())
    old = make_alias_domain("old.org", domain)
    with refused("domain_is_alias", "local_part"):
        make_mailbox(f"ann@{old.pk}")


def test_limit_of_mailboxes():
    make_domain(max_mailboxes=2)
    make_mailbox("a@example.org")
    make_mailbox("b@example.org", active=False)
    with refused("domain_full", "local_part"):
        make_mailbox("c@example.org")
    make_domain("none.org", max_mailboxes=-1)
    with refused("mailboxes_disabled", "local_part"):
        make_mailbox("a@none.org")


def test_quota_within_the_domain():
    make_domain(max_quota_mb=10, quota_mb=25)
    assert make_mailbox("a@example.org").quota_bytes == 10 * MB
    for quota_bytes, code in ((0, "quota_unlimited"), (10 * MB + 1, "quota_over_largest")):
        with refused(code, "quota_bytes"):
            make_mailbox("b@example.org", quota_bytes=quota_bytes)
    mailbox = make_mailbox("b@example.org", quota_bytes=10 * MB)
    with refused("quota_over_domain", "quota_bytes"):
        make_mailbox("c@example.org", quota_bytes=6 * MB)
    make_mailbox("c@example.org", quota_bytes=5 * MB)
    assert DomainUsage.objects.get().quota_bytes == 25 * MB
    edit_mailbox(mailbox=mailbox, changes={"quota_bytes": 9 * MB}, actor=system())
    assert DomainUsage.objects.get().quota_bytes == 24 * MB
    with refused("quota_over_largest", "quota_bytes"):
        edit_mailbox(mailbox=mailbox, changes={"quota_bytes": 11 * MB}, actor=system())


def test_mailbox_above_a_lowered_limit_can_still_be_edited():
    mailbox = make_mailbox("a@example.org", quota_bytes=10 * MB)
    mailbox.domain.max_quota_mb = 5
    mailbox.domain.save()
    edit_mailbox(mailbox=mailbox, changes={"name": "Ann"}, actor=system())
    assert Mailbox.objects.get().name == "Ann"


def test_off_and_on_with_its_forwarding():
    mailbox = make_mailbox("joe@example.org")
    set_mailbox_active(mailbox=mailbox, active=False, actor=system())
    assert (Mailbox.objects.get().active, Alias.objects.get().active) == (False, False)
    set_mailbox_active(mailbox=mailbox, active=True, actor=system())
    assert (Mailbox.objects.get().active, Alias.objects.get().active) == (True, True)


def test_stale_edit_is_refused():
    mailbox = make_mailbox("joe@example.org")
    shown = revision(mailbox)
    set_mailbox_active(mailbox=mailbox, active=False, actor=system())
    with refused("stale"):
        edit_mailbox(mailbox=mailbox, changes={"name": "x"}, expected_revision=shown, actor=system())


def test_forwarding_with_and_without_a_copy():
    mailbox = make_mailbox("joe@example.org")
    for targets, keep_copy, goto in (
        (["x@elsewhere.test"], True, "joe@example.org,x@elsewhere.test"),
        (["x@elsewhere.test"], False, "x@elsewhere.test"),
        ("y@elsewhere.test, x@elsewhere.test", False, "y@elsewhere.test,x@elsewhere.test"),
        ([], False, "joe@example.org"),
    ):
        set_forwarding(mailbox=mailbox, targets=targets, keep_copy=keep_copy, actor=system())
        assert Alias.objects.get().goto == goto
    with refused("target_not_address", "targets"):
        set_forwarding(mailbox=mailbox, targets=["|cmd"], keep_copy=True, actor=system())


def test_missing_forwarding_row_is_made():
    mailbox = make_mailbox("joe@example.org")
    Alias.objects.all().delete()
    set_forwarding(mailbox=mailbox, targets=[], keep_copy=True, actor=system())
    assert Alias.objects.get().goto == "joe@example.org"


def test_rename_moves_everything():
    mailbox = make_mailbox("joe@example.org", quota_bytes=7)
    set_forwarding(mailbox=mailbox, targets=["x@elsewhere.test"], keep_copy=True, actor=system())
    make_alias("team@example.org", "joe@example.org", "y@elsewhere.test")
    MailboxUsage.objects.create(address="joe@example.org", bytes=5, messages=1)
    Account.objects.create(role=Role.MAILBOX_USER, mailbox=mailbox)
    make_domain("other.org")
    PendingWork.objects.all().delete()
    renamed = rename_mailbox(mailbox=mailbox, address="Joseph@other.org", actor=system())
    assert (renamed.pk, renamed.local_part, renamed.domain_id) == ("joseph@other.org", "joseph", "other.org")
    assert renamed.maildir == "other.org/joseph/"
    assert list(Alias.objects.values_list("address", "goto", "domain_id")) == [
        ("joseph@other.org", "joseph@other.org,x@elsewhere.test", "other.org"),
        ("team@example.org", "joseph@other.org,y@elsewhere.test", "example.org"),
    ]
    assert list(MailboxUsage.objects.values_list("address", "bytes")) == [("joseph@other.org", 5)]
    assert Account.objects.get().mailbox_id == "joseph@other.org"
    assert maildirs() == [("users/example.org/joe/", "users/other.org/joseph/")]
    assert list(DomainUsage.objects.order_by("pk").values_list("mailboxes", "quota_bytes")) == [(0, 0), (1, 7)]
    entry = Entry.objects.get(action="mailbox.rename")
    assert (entry.object_key, entry.after["address"]) == ("joe@example.org", "joseph@other.org")


def test_rename_may_leave_an_alias():
    mailbox = make_mailbox("joe@example.org")
    rename_mailbox(mailbox=mailbox, address="joseph@example.org", keep_alias=True, actor=system())
    assert list(Alias.objects.listed().values_list("address", "goto")) == [("joe@example.org", "joseph@example.org")]


def test_rename_to_what_is_taken_or_not_ours_is_refused():
    mailbox = make_mailbox("joe@example.org")
    make_mailbox("ann@example.org")
    make_domain("full.org", max_mailboxes=-1)
    alice = actor_of(make_administrator("alice@example.org", mailbox.domain))
    with refused("address_is_mailbox", "address"):
        rename_mailbox(mailbox=mailbox, address="ann@example.org", actor=system())
    with refused("mailboxes_disabled", "address"):
        rename_mailbox(mailbox=mailbox, address="joe@full.org", actor=system())
    with pytest.raises(PermissionDenied):
        rename_mailbox(mailbox=mailbox, address="joe@full.org", actor=alice)
    assert Mailbox.objects.filter(pk="joe@example.org").exists()


def test_delete_archives_and_restore_brings_back():
    mailbox = make_mailbox("joe@example.org", name="Joe", quota_bytes=7, active=False)
    set_forwarding(mailbox=mailbox, targets=["x@elsewhere.test"], keep_copy=True, actor=system())
    before = Mailbox.objects.values().get()
    goto = Alias.objects.get().goto
    PendingWork.objects.all().delete()
    archived = delete_mailbox(mailbox=mailbox, actor=system())
    assert not Mailbox.objects.exists()
    assert not Alias.objects.exists()
    assert DomainUsage.objects.values_list("mailboxes", "quota_bytes").get() == (0, 0)
    assert maildirs() == [("users/example.org/joe/", f"archive/{archived.pk}/")]
    restore_mailbox(archived=archived, actor=system())
    after = Mailbox.objects.values().get()
    assert {name for name in before if before[name] != after[name]} == {"modified_at"}
    assert (Alias.objects.get().goto, Alias.objects.get().active) == (goto, False)
    assert maildirs()[1] == (f"archive/{archived.pk}/", "users/example.org/joe/")
    with refused("address_is_mailbox", "address"):
        restore_mailbox(archived=archived, actor=system())


def test_restore_is_refused_when_the_address_is_taken_or_the_domain_is_full():
    archived = delete_mailbox(mailbox=make_mailbox("joe@example.org"), actor=system())
    alias = make_alias("joe@example.org", "x@elsewhere.test")
    with refused("address_is_alias", "address"):
        restore_mailbox(archived=archived, actor=system())
    alias.delete()
    alias.domain.max_mailboxes = -1
    alias.domain.save()
    with refused("mailboxes_disabled", "address"):
        restore_mailbox(archived=archived, actor=system())
    assert ArchivedMailbox.objects.restorable().count() == 1


def test_deleted_mailbox_is_no_target_any_more():
    joe = make_mailbox("joe@example.org")
    ann = make_mailbox("ann@example.org")
    set_forwarding(mailbox=ann, targets=["joe@example.org"], keep_copy=False, actor=system())
    make_alias("team@example.org", "joe@example.org", "x@elsewhere.test")
    make_alias("only@example.org", "joe@example.org")
    delete_mailbox(mailbox=joe, actor=system())
    assert list(Alias.objects.values_list("address", "goto")) == [
        ("ann@example.org", "ann@example.org"),
        ("team@example.org", "x@elsewhere.test"),
    ]


def test_archive_is_purged_after_its_time(settings):
    settings.ARCHIVE_DAYS = 0
    archived = delete_mailbox(mailbox=make_mailbox("joe@example.org"), actor=system())
    settings.ARCHIVE_DAYS = 30
    kept = delete_mailbox(mailbox=make_mailbox("ann@example.org"), actor=system())
    PendingWork.objects.all().delete()
    assert purge_archive() == 1
    assert purge_archive() == 0
    assert list(ArchivedMailbox.objects.restorable()) == [kept]
    assert ArchivedMailbox.objects.get(pk=archived.pk).mailbox_row == {}
    assert maildirs() == [(f"archive/{archived.pk}/", "")]


def test_row_by_plain_sql_is_complete():
    make_domain()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO mailbox (username, password, name, maildir, quota, local_part, domain, active)"
            " VALUES ('sql@example.org', %s, 'Jean de La Fontaine', 'example.org/sql/', 0, 'sql', 'example.org', 1)",
            [password_hash()],
        )
        cursor.execute(
            "INSERT INTO alias (address, goto, domain) VALUES ('sql@example.org', 'sql@example.org', 'example.org')"
        )
    mailbox = Mailbox.objects.get()
    mailbox.full_clean()
    assert (mailbox.name_key, mailbox.surname_key) == ("jean de la fontaine", "fontaine")
    assert mailbox.smtp_active
    assert Alias.objects.get().self_only
    renamed = rename_mailbox(mailbox=mailbox, address="jean@example.org", actor=system())
    delete_mailbox(mailbox=renamed, actor=system())
    assert ArchivedMailbox.objects.get().address == "jean@example.org"


def test_sogo_sees_active_mailboxes_of_active_domains():
    make_mailbox("joe@example.org", name="Joe")
    make_mailbox("off@example.org", active=False)
    make_domain("closed.org", active=False)
    make_mailbox("ann@closed.org")
    with connection.cursor() as cursor:
        cursor.execute("SELECT c_uid, c_name, c_password, c_cn, mail, domain FROM sogo_users")
        rows = cursor.fetchall()
    address = "joe@example.org"
    assert list(rows) == [(address, address, password_hash(), "Joe", address, "example.org")]


@pytest.mark.parametrize(
    ("days", "expires_at", "is_taken"),
    [
        (90, timezone.now() - timedelta(days=1), False),
        (90, timezone.now() + timedelta(days=1), True),
        (90, NEVER, True),
        (0, timezone.now() - timedelta(days=1), True),
        (None, timezone.now() - timedelta(days=1), True),
    ],
)
def test_sogo_takes_no_expired_password(days, expires_at, is_taken):
    mailbox = make_mailbox("joe@example.org")
    Domain.objects.update(password_expiry_days=days)
    Mailbox.objects.update(password_expires_at=expires_at)
    with connection.cursor() as cursor:
        cursor.execute("SELECT c_password FROM sogo_users")
        assert list(cursor.fetchall()) == [(mailbox.password if is_taken else "*",)]


def test_sogo_takes_no_password_where_app_passwords_alone_count():
    make_mailbox("joe@example.org")
    Mailbox.objects.update(app_passwords_only=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT c_password FROM sogo_users")
        assert list(cursor.fetchall()) == [("*",)]


def test_mailbox_of_another_domain_is_not_allowed():
    mailbox = make_mailbox("joe@example.org")
    bob = actor_of(make_administrator("bob@other.org", make_domain("other.org")))
    for attempt in (
        lambda: create_mailbox(domain=mailbox.domain, local_part="x", password=PASSWORD, actor=bob),
        lambda: edit_mailbox(mailbox=mailbox, changes={"name": "x"}, actor=bob),
        lambda: set_mailbox_password(mailbox=mailbox, password=PASSWORD, actor=bob),
        lambda: set_forwarding(mailbox=mailbox, targets=["x@other.org"], keep_copy=False, actor=bob),
        lambda: rename_mailbox(mailbox=mailbox, address="joe@other.org", actor=bob),
        lambda: delete_mailbox(mailbox=mailbox, actor=bob),
    ):
        with pytest.raises(PermissionDenied):
            attempt()
    assert Mailbox.objects.visible_to(bob).count() == 0
    assert Mailbox.objects.values_list("pk", "name").get() == ("joe@example.org", "")
