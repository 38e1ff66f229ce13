"""Bad input, by every page and every command: an error at its field, what was typed is kept, nothing is written."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from domains.models import Domain
from mailadmin.accounts.models import Account, Role
from mailadmin.letters.links import make_link
from mailadmin.letters.models import Purpose
from mailboxes.models import Mailbox
from mailboxes.services import edit_mailbox

from .bad_values import DOMAINS, LOCAL_PARTS, LONG_DOMAIN, PASSWORD, PASSWORDS, QUOTAS, TARGETS
from .factories import PASSWORD as FACTORY_PASSWORD
from .factories import make_administrator, make_alias, make_alias_domain, make_domain, make_mailbox, system
from .refusals import nothing_written

pytestmark = pytest.mark.django_db


def each(values: Mapping[str, str] | Iterable[str], check: Callable[[str], object]) -> None:
    """All in one test, for the ground is dear to lay; it names every value that was not refused as it should be."""
    wrong = {}
    for name, value in values.items() if isinstance(values, Mapping) else ((value, value) for value in values):
        try:
            check(value)
        except (AssertionError, pytest.fail.Exception) as failure:
            wrong[name[:80]] = str(failure)
    assert wrong == {}


@pytest.fixture
def site(db: None) -> Domain:
    """A domain with limits, an alias in a circle to come, an alias domain, and a mail host that has work queued."""
    domain = make_domain("example.org", max_quota_mb=1000, quota_mb=1500)
    make_mailbox("ann@example.org", quota_bytes=domain.quota_bytes // 2)
    make_alias("circle@example.org", "team@example.org")
    make_alias_domain("old.org", domain)
    return domain


@pytest.fixture(params=["superadmin", "administrator of the domain"])
def client(request: Any, site: Domain, signed_in: Callable[[Account], Client], root: Account, alice: Account) -> Client:
    return signed_in(root if request.param == "superadmin" else alice)


@pytest.fixture
def alice(site: Domain) -> Account:
    return make_administrator("alice@example.net", site)


@pytest.fixture
def root_client(site: Domain, signed_in: Callable[[Account], Client], root: Account) -> Client:
    return signed_in(root)


MAILBOX = {"local_part": "joe", "domain": "example.org", "name": "Joe", "quota": "10", "active": "on"}
MAILBOX |= {"password": PASSWORD, "again": PASSWORD}
BEN = {**MAILBOX, "local_part": "ben", "name": "joe@example.org"}
ALIAS = {"local_part": "team", "domain": "example.org", "targets": "ann@example.org", "active": "on"}
LIMITS = {"max_mailboxes": "0", "max_aliases": "0", "max_quota_mb": "0", "quota_mb": "0"}
DOMAIN = {"name": "new.example", **LIMITS, "transport": "virtual", "password_expiry_days": "0", "active": "on"}


def refuses(client: Client, url: str, payload: dict[str, str], field: str, *, kept: bool = True) -> None:
    """The page comes again, with an error at this field alone and what was typed in all of them."""
    with nothing_written():
        response = client.post(url, payload)
    assert response.status_code == 200
    form = response.context["form"]
    # The second typing of a password is as bad as the first.
    assert [name for name in form.errors if name != "again" or field == "again"] == [field]
    typed = {name: form[name].value() for name in payload if name in form.fields and name not in ("password", "again")}
    assert not kept or typed == {name: _as_shown(form, name, payload[name]) for name in typed}


def _as_shown(form: Any, name: str, typed: str) -> Any:
    return True if type(form.fields[name]).__name__ == "BooleanField" else typed


def fails(*arguments: str, stdin: str | None = None, monkeypatch: pytest.MonkeyPatch | None = None) -> str:
    """The command ends with one refusal, and prints nothing that looks like success."""
    out = io.StringIO()
    if monkeypatch is not None:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin or ""))
    with nothing_written(), pytest.raises(CommandError) as caught:
        call_command(*arguments, stdout=out, stderr=io.StringIO())
    assert out.getvalue() == ""
    assert str(caught.value)
    return str(caught.value)


# -- Local parts
def test_a_mailbox_with_a_bad_local_part(client: Client) -> None:
    def check(value: str) -> None:
        refuses(client, reverse("mailboxes:create"), {**MAILBOX, "local_part": value}, "local_part")

    each(LOCAL_PARTS, check)


def test_an_alias_with_a_bad_local_part(client: Client) -> None:
    def check(value: str) -> None:
        refuses(client, reverse("aliases:create"), {**ALIAS, "local_part": value}, "local_part")

    each(LOCAL_PARTS, check)


def test_a_mailbox_renamed_to_a_bad_local_part(client: Client) -> None:
    def check(value: str) -> None:
        url = reverse("mailboxes:rename", args=["ann@example.org"])
        refuses(client, url, {"address": f"{value}@example.org", "keep_alias": "on"}, "address")

    each(LOCAL_PARTS, check)


def test_the_commands_refuse_a_bad_local_part(site: Domain) -> None:
    def check(value: str) -> None:
        address, goto = f"{value}@example.org", ("--goto", "ann@example.org")
        fails("mailbox", "add", "--password-hash", Mailbox.objects.get().password, "--", address)
        fails("mailbox", "edit", "ann@example.org", f"--address={address}")
        fails("alias", "add", *goto, "--", address)
        fails("admin", "add", "--", address)

    each(LOCAL_PARTS, check)


def test_an_address_over_254_octets(root_client: Client) -> None:
    make_domain(LONG_DOMAIN)
    local_part = "a" * 60
    refuses(
        root_client,
        reverse("mailboxes:create"),
        {**MAILBOX, "domain": LONG_DOMAIN, "local_part": local_part},
        "local_part",
    )
    refuses(
        root_client, reverse("aliases:create"), {**ALIAS, "domain": LONG_DOMAIN, "local_part": local_part}, "local_part"
    )
    fails("alias", "add", f"{local_part}@{LONG_DOMAIN}", "--goto", "ann@example.org")
    fails("mailbox", "add", f"{local_part}@{LONG_DOMAIN}", "--password-hash", Mailbox.objects.all()[0].password)


def test_unicode_is_taken_where_the_setting_says_so(client: Client, settings: Any) -> None:
    settings.SMTPUTF8 = True
    response = client.post(reverse("mailboxes:create"), {**MAILBOX, "local_part": "Jürgen"})
    assert response.status_code == 302
    assert Mailbox.objects.filter(pk="jürgen@example.org").exists()
    for value in ("jo\u200be", "straße", "joe\u2028ann", "ü" * 33):
        refuses(client, reverse("mailboxes:create"), {**MAILBOX, "local_part": value}, "local_part")


# -- Domains
def test_a_bad_domain(root_client: Client) -> None:
    def check(value: str) -> None:
        refuses(root_client, reverse("domains:create"), {**DOMAIN, "name": value}, "name")

    each(DOMAINS, check)


def test_a_bad_alias_domain(client: Client) -> None:
    def check(value: str) -> None:
        payload = {"name": value, "target": "example.org", "description": "", "active": "on"}
        refuses(client, reverse("domains:alias_create"), payload, "name")

    each(DOMAINS, check)


def test_the_commands_refuse_a_bad_domain(site: Domain) -> None:
    def check(value: str) -> None:
        fails("domain", "add", "--", value)
        fails("domain", "show", "--", value)
        fails("domain", "delete", "--", value)
        fails("alias_domain", "add", "--target", "example.org", "--", value)
        fails("alias_domain", "add", "new.org", f"--target={value}")
        fails("alias", "add", f"info@{value}", "--goto", "ann@example.org")
        fails("alias", "add", f"--goto=ann@{value}", "--", "info@example.org")
        fails("mailbox", "add", f"joe@{value}", "--password-hash", Mailbox.objects.get().password)
        fails("mailbox", "list", f"--domain={value}")
        fails("trace", f"joe@{value}")

    each(DOMAINS, check)


def test_an_idn_domain_is_stored_as_a_labels_and_a_single_label_where_the_setting_says_so(
    root_client: Client, settings: Any
) -> None:
    settings.SINGLE_LABEL_DOMAINS = True
    for typed, stored in (("Bücher.example", "xn--bcher-kva.example"), ("intern", "intern")):
        assert root_client.post(reverse("domains:create"), {**DOMAIN, "name": typed}).status_code == 302
        assert Domain.objects.filter(pk=stored).exists()


LIMIT_VALUES = ("-2", "ten", "1.5", "9" * 30, "", "\u0661x")


@pytest.mark.parametrize("field", LIMITS)
def test_a_bad_limit(root_client: Client, field: str) -> None:
    def check(value: str) -> None:
        refuses(root_client, reverse("domains:create"), {**DOMAIN, field: value}, field)
        refuses(root_client, reverse("domains:edit", args=["example.org"]), {**DOMAIN, field: value}, field)

    each(LIMIT_VALUES, check)


@pytest.mark.parametrize("option", ["max-mailboxes", "max-aliases", "max-quota-bytes", "quota-bytes"])
def test_the_command_refuses_a_bad_limit(site: Domain, option: str) -> None:
    def check(value: str) -> None:
        fails("domain", "add", "new.example", f"--{option}={value}")
        fails("domain", "edit", "example.org", f"--{option}={value}")

    each(["-2000000000000", "ten", "1.5", "9" * 30, "9" * 5000], check)


def test_a_bad_transport(root_client: Client) -> None:
    def check(value: str) -> None:
        refuses(root_client, reverse("domains:create"), {**DOMAIN, "transport": value}, "transport")
        fails("domain", "edit", "example.org", f"--transport={value}")

    each(["smtp:[host]\nvirtual", "|cmd", "a b", "smtp:a,b", "", "é", "x" * 300, "smtp\0"], check)


@pytest.mark.parametrize("field", ["description", "name"])
def test_texts_that_are_too_long(root_client: Client, field: str) -> None:
    refuses(root_client, reverse("domains:create"), {**DOMAIN, field: "x" * 300}, field)
    fails("domain", "edit", "example.org", "--description", "x" * 300)
    fails("mailbox", "edit", "ann@example.org", "--name", "x" * 300)
    fails("alias", "edit", "circle@example.org", "--description", "x" * 300)
    fails("alias_domain", "edit", "old.org", "--description", "x" * 300)


def test_role_aliases_to_a_bad_target(root_client: Client) -> None:
    refuses(root_client, reverse("domains:create"), {**DOMAIN, "role_aliases_to": "|cmd"}, "role_aliases_to")
    fails("domain", "add", "new.example", "--role-aliases-to", "|cmd")


def test_the_target_of_an_alias_domain_is_not_deleted(root_client: Client) -> None:
    with nothing_written():
        response = root_client.post(reverse("domains:delete", args=["example.org"]))
    assert response.status_code == 200
    assert "old.org" in "".join(response.context["errors"])
    assert "old.org" in fails("domain", "delete", "example.org")


@pytest.mark.parametrize("target", ["old.org", "new.example", "elsewhere.test", "", "../etc"])
def test_an_alias_domain_with_a_bad_target(client: Client, target: str) -> None:
    """Another alias domain, itself, one that is not here, none."""
    payload = {"name": "new.example", "target": target, "description": "", "active": "on"}
    refuses(client, reverse("domains:alias_create"), payload, "target")
    fails("alias_domain", "add", "new.example", f"--target={target}")


@pytest.mark.parametrize("name", ["old.org", "example.org"])
def test_an_alias_domain_whose_name_is_taken(root_client: Client, name: str) -> None:
    make_domain("other.org")
    payload = {"name": name, "target": "other.org", "description": "", "active": "on"}
    refuses(root_client, reverse("domains:alias_create"), payload, "name")
    fails("alias_domain", "add", name, "--target", "other.org")


@pytest.mark.parametrize("name", ["example.org", "EXAMPLE.ORG.", "old.org"])
def test_a_domain_that_is_here_already(root_client: Client, name: str) -> None:
    refuses(root_client, reverse("domains:create"), {**DOMAIN, "name": name}, "name")
    fails("domain", "add", name)


# -- Targets
def test_an_alias_with_bad_targets(client: Client) -> None:
    def check(value: str) -> None:
        refuses(client, reverse("aliases:create"), {**ALIAS, "targets": value}, "targets")

    each(TARGETS, check)


def test_an_alias_changed_to_bad_targets(client: Client) -> None:
    make_alias("team@example.org", "ann@example.org")

    def check(value: str) -> None:
        payload = {"targets": value, "description": ""}
        refuses(client, reverse("aliases:edit", args=["team@example.org"]), payload, "targets")

    each(TARGETS, check)


def test_a_mailbox_forwarded_to_bad_targets(client: Client) -> None:
    make_mailbox("team@example.org", quota_bytes=1)

    def check(value: str) -> None:
        payload = {"targets": value, "keep_copy": "on"}
        refuses(client, reverse("mailboxes:forwarding", args=["team@example.org"]), payload, "targets")

    each({name: value for name, value in TARGETS.items() if name != "itself"}, check)


def test_the_command_refuses_bad_targets(site: Domain) -> None:
    def check(value: str) -> None:
        fails("alias", "add", "team@example.org", *(f"--goto={target}" for target in value.split("\n")))
        fails("alias", "edit", "circle@example.org", "--goto=|cmd", f"--goto={value}")

    each(TARGETS, check)


def test_a_target_with_a_newline_is_refused_by_the_command(site: Domain) -> None:
    fails("alias", "add", "team@example.org", "--goto", "ann@example.org\n|cmd")
    fails("alias", "add", "team@example.org", "--goto", "ann@example.org\nben@example.org")


# -- Taken addresses
def test_an_address_that_is_taken(client: Client) -> None:
    def check(local_part: str) -> None:
        refuses(client, reverse("mailboxes:create"), {**MAILBOX, "local_part": local_part}, "local_part")
        refuses(client, reverse("aliases:create"), {**ALIAS, "local_part": local_part}, "local_part")
        fails("alias", "add", f"{local_part}@example.org", "--goto", "x@elsewhere.test")
        fails("mailbox", "add", f"{local_part}@example.org", "--password-hash", Mailbox.objects.get().password)

    each(["ann", "ANN", "circle"], check)


def test_an_address_in_an_alias_domain(root_client: Client) -> None:
    refuses(root_client, reverse("mailboxes:create"), {**MAILBOX, "domain": "old.org"}, "domain")
    refuses(root_client, reverse("aliases:create"), {**ALIAS, "domain": "old.org"}, "domain")
    refuses(root_client, reverse("mailboxes:rename", args=["ann@example.org"]), {"address": "ann@old.org"}, "address")
    fails("alias", "add", "info@old.org", "--goto", "ann@example.org")
    fails("mailbox", "edit", "ann@example.org", "--address", "ann@old.org")


def test_an_address_in_a_domain_that_is_not_here(client: Client) -> None:
    refuses(client, reverse("mailboxes:create"), {**MAILBOX, "domain": "elsewhere.test"}, "domain")
    refuses(client, reverse("mailboxes:rename", args=["ann@example.org"]), {"address": "ann@elsewhere.test"}, "address")
    fails("mailbox", "add", "joe@elsewhere.test", "--password-hash", Mailbox.objects.get().password)


# -- Quotas
def test_a_mailbox_with_a_bad_quota(client: Client) -> None:
    def check(value: str) -> None:
        refuses(client, reverse("mailboxes:create"), {**MAILBOX, "quota": value}, "quota")

    each(QUOTAS, check)


def test_a_mailbox_changed_to_a_bad_quota(client: Client) -> None:
    def check(value: str) -> None:
        payload = {"name": "Ann", "quota": value, "smtp_active": "on"}
        refuses(client, reverse("mailboxes:edit", args=["ann@example.org"]), payload, "quota")

    each({**QUOTAS, "empty": ""}, check)


def test_a_quota_over_what_the_domain_has_left(client: Client) -> None:
    refuses(client, reverse("mailboxes:create"), {**MAILBOX, "quota": "751"}, "quota")


def test_the_command_refuses_a_bad_quota(site: Domain) -> None:
    def check(value: str) -> None:
        fails("mailbox", "edit", "ann@example.org", f"--quota-bytes={value}")
        hashed = Mailbox.objects.get().password
        fails("mailbox", "add", "joe@example.org", f"--quota-bytes={value}", "--password-hash", hashed)

    each(["-1", "ten", "0", "9" * 40, "9" * 5000, "1e9", "NaN", str(1001 * 1_024_000)], check)


# -- Passwords
def test_a_bad_password(root_client: Client, root: Account) -> None:
    make_mailbox("joe@example.org", quota_bytes=1)

    def check(value: str) -> None:
        typed = {"password": value, "again": value}
        refuses(root_client, reverse("mailboxes:create"), {**BEN, **typed}, "password")
        refuses(root_client, reverse("mailboxes:password", args=["joe@example.org"]), typed, "password")
        administrator = {"email": "joe@example.org", "name": "", "role": "domain_admin", "domains": ""}
        refuses(root_client, reverse("accounts:administrator_add"), {**administrator, **typed}, "password")

    each(PASSWORDS, check)


def test_a_bad_password_of_ones_own(site: Domain, signed_in: Callable[[Account], Client]) -> None:
    joe = Account.objects.create(mailbox=make_mailbox("joe@example.org", quota_bytes=1), role=Role.MAILBOX_USER)
    client = signed_in(joe)

    def check(value: str) -> None:
        typed = {"current": FACTORY_PASSWORD, "new": value, "again": value}
        refuses(client, reverse("accounts:password"), typed, "new", kept=False)

    each(PASSWORDS, check)


def test_days_of_expiry_that_cannot_be(root_client: Client) -> None:
    def check(value: str) -> None:
        typed = {**DOMAIN, "password_expiry_days": value}
        refuses(root_client, reverse("domains:create"), typed, "password_expiry_days")

    each(["-1", "36501", "99999999999999999999", "1.5", "ten", "0x10"], check)


def test_the_commands_refuse_a_bad_password(site: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    make_mailbox("joe@example.org", quota_bytes=1)

    def check(value: str) -> None:
        said = fails("mailbox", "edit", "joe@example.org", "--password-stdin", stdin=value, monkeypatch=monkeypatch)
        assert value == "joe@example.org" or value not in said
        # What else the command was to change is not changed either.
        fails(
            "mailbox",
            "edit",
            "joe@example.org",
            "--name",
            "J",
            "--password-stdin",
            stdin=value,
            monkeypatch=monkeypatch,
        )
        fails("admin", "add", "joe@example.org", "--password-stdin", stdin=value, monkeypatch=monkeypatch)

    each({name: value for name, value in PASSWORDS.items() if name != "a newline"}, check)


def test_the_command_refuses_a_bad_hash(site: Domain) -> None:
    def check(value: str) -> None:
        fails("mailbox", "add", "joe@example.org", f"--password-hash={value}")

    each(["", "secret", "{PLAIN}secret", "{NOPE}x", "{ARGON2ID}x", "$1$", "{CRYPT}\0", "x\n"], check)


def test_passwords_that_differ_or_are_missing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    refuses(client, reverse("mailboxes:create"), {**MAILBOX, "again": "other"}, "again")
    refuses(client, reverse("mailboxes:create"), {**MAILBOX, "password": "", "again": PASSWORD}, "password")
    fails("mailbox", "add", "joe@example.org")
    fails("mailbox", "add", "joe@example.org", "--password-stdin", stdin="", monkeypatch=monkeypatch)


# -- A form that someone else overtook
def test_a_stale_form_is_shown_and_not_overwritten(client: Client) -> None:
    url = reverse("mailboxes:edit", args=["ann@example.org"])
    shown = client.get(url).context["form"]
    edit_mailbox(mailbox=Mailbox.objects.get(), changes={"name": "Someone else's"}, actor=system())
    payload = {"name": "Mine", "quota": "10", "smtp_active": "on", "revision": shown["revision"].value()}

    with nothing_written():
        response = client.post(url, payload)

    form = response.context["form"]
    assert list(form.errors) == ["__all__"]
    assert (form["name"].value(), form["quota"].value()) == ("Mine", "10")
    assert "Someone else&#x27;s" in response.content.decode()


# -- Where a link is to go
def test_a_recovery_address_that_is_none(client: Client) -> None:
    def check(value: str) -> None:
        refuses(client, reverse("accounts:recovery"), {"address": f"{value}@elsewhere.test"}, "address")

    each(LOCAL_PARTS, check)
    each(DOMAINS, lambda value: refuses(client, reverse("accounts:recovery"), {"address": f"joe@{value}"}, "address"))


def test_a_set_up_link_to_no_address(client: Client, settings: Any) -> None:
    settings.SITE_URL = "https://mail.example.net"
    url = reverse("mailboxes:set_up", args=["ann@example.org"])

    def check(value: str) -> None:
        refuses(client, url, {"to": f"{value}@elsewhere.test"}, "to")

    each(LOCAL_PARTS, check)
    each(DOMAINS, lambda value: refuses(client, url, {"to": f"joe@{value}"}, "to"))
    refuses(client, url, {"to": "ann@example.org"}, "to")


def test_a_new_password_by_a_link_that_is_bad(site: Domain, client: Client) -> None:
    """Judged as any, and the link stays good for another try."""
    joe = make_mailbox("joe@example.org", name="Joe", quota_bytes=1)
    account = Account.objects.create(mailbox=joe, role=Role.MAILBOX_USER)
    hour = timedelta(hours=1)
    _link, url = make_link(account=account, purpose=Purpose.SET_UP, sent_to="joe@elsewhere.test", lifetime=hour)
    assert client.get(url).status_code == 302

    def check(value: str) -> None:
        refuses(client, reverse("accounts:set_password"), {"new": value, "again": value}, "new")

    each(PASSWORDS, check)


# -- What is not there
@pytest.mark.parametrize("command", ["domain", "mailbox", "alias", "alias_domain", "admin"])
@pytest.mark.parametrize("verb", ["show", "edit", "delete"])
def test_a_command_about_what_is_not_there(site: Domain, command: str, verb: str) -> None:
    key = "nobody.example" if command in ("domain", "alias_domain") else "nobody@example.org"
    assert "nobody" in fails(command, verb, key)


# -- What an administrator of a domain may not do, told at the field where it was typed
def test_what_is_not_allowed_is_told_at_the_field(
    site: Domain, signed_in: Callable[[Account], Client], alice: Account
) -> None:
    make_domain("foreign.org")
    client = signed_in(alice)
    for address in ("ann@foreign.org", "ann@elsewhere.test"):
        refuses(client, reverse("mailboxes:rename", args=["ann@example.org"]), {"address": address}, "address")
    refuses(client, reverse("aliases:create"), {**ALIAS, "local_part": "postmaster"}, "local_part")
    for name in ("new.example", "foreign.org"):
        payload = {"name": name, "target": "example.org", "description": "", "active": "on"}
        refuses(client, reverse("domains:alias_create"), payload, "name")
    for url, payload in (("mailboxes:create", MAILBOX), ("aliases:create", ALIAS)):
        refuses(client, reverse(url), {**payload, "domain": "foreign.org"}, "domain")
