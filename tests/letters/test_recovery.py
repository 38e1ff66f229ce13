"""The recovery address: wanted, confirmed by its owner, and never the mailbox itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from aliases.models import Alias
from mailadmin.accounts.models import Account
from mailadmin.accounts.services import set_recovery_address
from mailadmin.audit.models import Entry
from mailadmin.letters.models import Kind, Letter, Link
from mailboxes.models import Mailbox
from mailboxes.services import edit_mailbox, set_forwarding
from tests.factories import PASSWORD, actor_of, make_alias, make_alias_domain, make_domain, make_mailbox, system
from tests.refusals import nothing_written, refused
from tests.servers.letters import Outside

from .conftest import ELSEWHERE
from .reading import flat, last_link, posted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site_url")]
URL = "/account/recovery/"
CONFIRM = "/account/recovery/confirm/"
ENDED = "This link does not work any more: it was used, or it is too old."


def fresh(account: Account) -> Account:
    return Account.objects.select_related("mailbox__domain").get(pk=account.pk)


def set_address(account: Account, address: str) -> Account:
    return set_recovery_address(account=fresh(account), address=address, actor=actor_of(account))


def told(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


@pytest.fixture(params=["mailbox user", "administrator"])
def person(request: Any, charlie: Account, root: Account) -> Account:
    return charlie if request.param == "mailbox user" else root


# -- The whole way
def test_an_address_counts_once_its_owner_opened_the_link(
    person: Account, signed_in: Callable[[Account], Client], smtp_server: Outside
) -> None:
    client = signed_in(person)

    assert client.post(URL, {"address": " Charlie@Elsewhere.TEST "}).url == URL  # type: ignore[attr-defined]
    assert posted(smtp_server) == [(ELSEWHERE, f"Confirm this address: {person.address}")]
    assert fresh(person).recovery_to == ""

    assert client.get(last_link(smtp_server)).url == CONFIRM  # type: ignore[attr-defined]
    assert ELSEWHERE in client.get(CONFIRM).content.decode()
    assert fresh(person).recovery_to == ""  # to look is not to confirm
    assert client.post(CONFIRM).url == URL  # type: ignore[attr-defined]
    assert fresh(person).recovery_to == ELSEWHERE


def test_a_mailboxs_is_postfixadmins_column(charlie: Account, charlies_mailbox: Mailbox) -> None:
    set_address(charlie, ELSEWHERE)

    charlies_mailbox.refresh_from_db()
    assert charlies_mailbox.email_other == ELSEWHERE


def test_one_that_another_program_wrote_does_not_count(charlie: Account, with_recovery: Callable[..., Account]) -> None:
    assert with_recovery(charlie).recovery_to == ELSEWHERE

    Mailbox.objects.filter(pk=charlie.mailbox_id).update(email_other="mallory@elsewhere.test")

    assert fresh(charlie).recovery_to == ""


def test_one_that_an_administrator_wrote_does_not_count(
    charlie: Account, with_recovery: Callable[..., Account], alice: Account
) -> None:
    with_recovery(charlie)
    mailbox = Mailbox.objects.get(pk=charlie.mailbox_id)
    edit_mailbox(mailbox=mailbox, changes={"email_other": "alice@elsewhere.test"}, actor=actor_of(alice))

    assert fresh(charlie).recovery_to == ""


# -- Changed and removed
def test_the_old_one_is_told_and_counts_no_more(
    person: Account, with_recovery: Callable[..., Account], smtp_server: Outside
) -> None:
    with_recovery(person)
    set_address(person, "new@elsewhere.test")

    subject = f"Your recovery address was changed: {person.address}"
    assert posted(smtp_server) == [
        (person.address, subject),
        (ELSEWHERE, subject),
        ("new@elsewhere.test", f"Confirm this address: {person.address}"),
    ]
    assert fresh(person).recovery_to == ""
    assert "192.0.2.7" in flat(smtp_server.letters[0][1])


def test_an_empty_one_removes_it(person: Account, with_recovery: Callable[..., Account], smtp_server: Outside) -> None:
    with_recovery(person)
    set_address(person, "  ")

    assert (fresh(person).wanted_recovery_address, fresh(person).recovery_to) == ("", "")
    assert [recipient for recipient, _subject in posted(smtp_server)] == [person.address, ELSEWHERE]


def test_back_to_the_old_one_it_is_confirmed_anew(person: Account, with_recovery: Callable[..., Account]) -> None:
    with_recovery(person)
    set_address(person, "new@elsewhere.test")
    set_address(person, ELSEWHERE)

    assert fresh(person).recovery_to == ""


def test_the_confirmed_one_again_changes_nothing(person: Account, with_recovery: Callable[..., Account]) -> None:
    with_recovery(person)
    with nothing_written():
        set_address(person, ELSEWHERE)


def test_the_unconfirmed_one_again_sends_another_link(person: Account, smtp_server: Outside) -> None:
    set_address(person, ELSEWHERE)
    posted(smtp_server)
    set_address(person, ELSEWHERE)

    assert posted(smtp_server) == [(ELSEWHERE, f"Confirm this address: {person.address}")]
    assert Entry.objects.filter(action__endswith=".recovery").count() == 1


def test_audit_tells_who_and_what(charlie: Account) -> None:
    set_address(charlie, ELSEWHERE)

    entry = Entry.objects.get(action="mailbox.recovery")
    assert (entry.actor, entry.object_key, entry.domain_name) == (charlie.address, charlie.address, "example.org")
    assert (entry.before, entry.after) == ({"recovery_address": ""}, {"recovery_address": ELSEWHERE})


# -- Refused
@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("charlie@example.org", "recovery_own"),
        ("CHARLIE@Example.org", "recovery_own"),
        ("charlie@old.org", "recovery_own"),
        ("team@example.org", "recovery_own"),
        ("all@example.org", "recovery_own"),
        ("whoever@catching.org", "recovery_own"),
        ("dora@example.org", "recovery_own"),
        ("no address", "address_no_at"),
        ("a@b", "domain_single_label"),
        ("|cmd@elsewhere.test", "local_part_invalid"),
        ("a@elsewhere.test, b@elsewhere.test", "local_part_invalid"),
        ("a@elsewhere.test\r\nBcc: b@elsewhere.test", "local_part_invalid"),
        ("x" * 65 + "@elsewhere.test", "local_part_long"),
    ],
)
def test_the_mailbox_itself_and_nonsense_are_refused(charlie: Account, address: str, code: str) -> None:
    make_alias_domain("old.org", Mailbox.objects.get(pk=charlie.mailbox_id).domain)
    make_alias("team@example.org", "charlie@example.org")
    make_alias("all@example.org", "team@example.org", "other@elsewhere.test")
    make_mailbox("someone@catching.org")
    make_alias("@catching.org", "charlie@example.org")
    dora = make_mailbox("dora@example.org")
    set_forwarding(mailbox=dora, targets=["charlie@example.org"], keep_copy=True, actor=system())

    with nothing_written(), refused(code, "address"):
        set_address(charlie, address)


def test_an_address_that_leads_elsewhere_is_taken(charlie: Account) -> None:
    make_alias("team@example.org", "other@elsewhere.test", "dora@elsewhere.test")

    assert set_address(charlie, "team@example.org").wanted_recovery_address == "team@example.org"


def test_an_alias_that_leads_here_meanwhile_is_refused_at_the_confirmation(
    charlie: Account, signed_in: Callable[[Account], Client], smtp_server: Outside
) -> None:
    make_domain("example.com")
    make_alias("team@example.com", "other@elsewhere.test")
    set_address(charlie, "team@example.com")
    posted(smtp_server)
    client = signed_in(charlie)
    client.get(last_link(smtp_server))
    Alias.objects.filter(pk="team@example.com").update(goto="charlie@example.org")

    assert client.post(CONFIRM).status_code == 200
    assert fresh(charlie).recovery_to == ""


def test_nobody_is_a_way_to_fill_other_peoples_mailboxes(charlie: Account) -> None:
    for number in range(5):
        set_address(charlie, f"victim{number}@elsewhere.test")

    with nothing_written(), refused("letters_too_many", "address"):
        set_address(charlie, "victim@elsewhere.test")

    Letter.objects.update(queued_at=timezone.now() - timedelta(hours=1))
    set_address(charlie, "victim@elsewhere.test")


# -- Links that are not good
def test_a_used_an_expired_an_unknown_and_a_foreign_link_get_one_answer(
    charlie: Account, root: Account, signed_in: Callable[[Account], Client], smtp_server: Outside
) -> None:
    set_address(charlie, ELSEWHERE)
    posted(smtp_server)
    link, mine, others = last_link(smtp_server), signed_in(charlie), signed_in(root)

    with nothing_written():
        assert others.get(link).url == CONFIRM  # type: ignore[attr-defined]
        foreign = others.post(CONFIRM)
    unknown = mine.get("/link/" + "x" * 43 + "/")
    mine.get(link)
    Link.objects.update(expires_at=timezone.now())
    expired = mine.post(CONFIRM)
    Link.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    mine.get(link)
    mine.post(CONFIRM)
    assert fresh(charlie).recovery_to == ELSEWHERE
    used = mine.get(link)

    assert [told(response)[-1] for response in (foreign, unknown, expired, used)] == [ENDED] * 4


def test_a_link_for_an_address_that_is_not_wanted_any_more_is_refused(
    charlie: Account, signed_in: Callable[[Account], Client], smtp_server: Outside
) -> None:
    set_address(charlie, ELSEWHERE)
    posted(smtp_server)
    link = last_link(smtp_server)
    set_address(charlie, "new@elsewhere.test")

    assert told(signed_in(charlie).get(link)) == [ENDED]


def test_a_letter_for_an_address_that_is_not_wanted_any_more_is_not_sent(
    charlie: Account, smtp_server: Outside
) -> None:
    set_address(charlie, ELSEWHERE)
    set_address(charlie, "new@elsewhere.test")

    assert [recipient for recipient, _subject in posted(smtp_server)] == ["new@elsewhere.test"]


def test_a_stranger_who_was_sent_the_link_by_a_slip_confirms_nothing(
    client: Client, charlie: Account, smtp_server: Outside
) -> None:
    set_address(charlie, ELSEWHERE)
    posted(smtp_server)
    client.get(last_link(smtp_server))

    assert client.get(CONFIRM).url == f"/sign-in/?next={CONFIRM}"  # type: ignore[attr-defined]
    assert client.post(CONFIRM).url == f"/sign-in/?next={CONFIRM}"  # type: ignore[attr-defined]
    assert fresh(charlie).recovery_to == ""

    # The owner goes on from there by signing in.
    data = {"identifier": charlie.address, "password": PASSWORD, "next": CONFIRM}
    assert client.post("/sign-in/", data).url == CONFIRM  # type: ignore[attr-defined]
    client.post(CONFIRM)
    assert fresh(charlie).recovery_to == ELSEWHERE


def test_the_page_asks_for_the_password_again(charlie: Account) -> None:
    client = Client()
    client.force_login(charlie)

    assert client.get(URL).url == f"/account/confirm/?{urlencode({'next': URL})}"  # type: ignore[attr-defined]


@pytest.mark.parametrize("site", ["https://mail.example.net", ""])
def test_the_page_tells_how_it_stands(
    site: str, charlie: Account, signed_in: Callable[[Account], Client], settings: Any
) -> None:
    settings.SITE_URL = site
    client = signed_in(charlie)
    set_address(charlie, ELSEWHERE)

    content = client.get(URL).content.decode()

    assert ("is not confirmed" in content) == bool(site)
    assert ("sends no links yet" in content) == (not site)


def test_no_row_holds_a_token(charlie: Account, smtp_server: Outside) -> None:
    set_address(charlie, ELSEWHERE)
    posted(smtp_server)
    token = last_link(smtp_server).split("/")[2]

    rows = f"{list(Link.objects.values())}{list(Letter.objects.values())}{list(Entry.objects.values())}"
    assert Link.objects.count() == 1
    assert Letter.objects.get().kind == Kind.CONFIRM_RECOVERY
    assert token not in rows
