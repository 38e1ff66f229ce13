"""No page speaks English to who reads French: each is opened in a language whose every text is marked, and what is
left without a mark was never given to the translators."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import django
import pytest
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from mailadmin.accounts.models import Account
from mailadmin.audit.models import Entry
from mailadmin.audit.services import UNRECORDED_FIELDS
from mailadmin.audit.words import FIELDS
from mailadmin.letters.composing import Draft, compose
from mailadmin.letters.links import make_link
from mailadmin.letters.models import Kind, Letter, Purpose
from mailadmin.pages import errors
from mailboxes.models import Mailbox
from mailboxes.services import edit_mailbox
from people.forms import BEGINNING
from tests import catalogue
from tests.factories import PASSWORD, system
from tests.test_permissions import TABLE

BEGIN, END = "⟪", "⟫"
# A language that Django knows and we do not speak, so that nothing that is cached by language is mixed up.
LANGUAGE = "eo"
WORD = re.compile(r"[^\W\d_]{2,}")
# What is no text: addresses, paths and times (by a letter of theirs), abbreviations (all capitals), and these names.
LETTERS_OF_DATA = set("@./:{[0123456789")
NAMES = frozenset(
    [
        *("mailadmin", "Maildir", "texthash", "virtual", "main", "testserver"),
        *("Thunderbird", "iOS", "Safari", "iPhone", "English", "Français", "Esperanto"),
        *("Jane", "Doe", "Max", "Sales", "leaving", "left"),
        *("Phone", "Guest", "Old", "laptop", "joe", "charlie", "gone", "root", "info", "hr", "ms"),
        *("personnel", "directory", "esperanto", "planned", "scim"),
    ]
)
# What things.py has people type, a mail server answer, and an import of another language tell.
TYPED = (
    *("Away", "Back on Monday.", "Gone.", "The volume is full."),
    "SMTPServerDisconnected: Connection unexpectedly closed",
    "joe@example.org is a mailbox already.",
    " ".join(BEGINNING.split()),
)
SPOKEN = ("aria-label", "title", "placeholder", "alt", "label", "data-label")
"""Attributes that are read, or read out."""


class Reader(HTMLParser):
    """The texts of a page in their order, without what is code, and the names of places, which Babel knows."""

    UNREAD = ("script", "style", "code", "optgroup")

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.spoken: list[str] = []
        self._unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unread += tag in self.UNREAD
        given = dict(attrs)
        is_button = tag == "input" and given.get("type") in ("submit", "button", "reset")
        self.spoken += [text for name, text in attrs if text and (name in SPOKEN or (is_button and name == "value"))]

    def handle_endtag(self, tag: str) -> None:
        self._unread -= tag in self.UNREAD

    def handle_data(self, data: str) -> None:
        if not self._unread and data.strip():
            self.texts.append(" ".join(data.split()))


def unmarked(html: str) -> list[str]:
    reader = Reader()
    reader.feed(html)
    texts = [text for text in reader.texts if text not in TYPED]
    left = _outside_of_marks("\n".join(texts)).split("\n")
    left += [_outside_of_marks(text) for text in reader.spoken]
    return sorted({text.strip() for text in left if any(_is_text(word) for word in text.split())})


def _is_text(word: str) -> bool:
    bare = word.strip("(),·→")
    return bool(WORD.search(bare)) and not (LETTERS_OF_DATA & set(bare) or bare.isupper() or bare in NAMES)


def _outside_of_marks(text: str) -> str:
    depth, left = 0, []
    for letter in text:
        depth += letter == BEGIN
        if depth == 0:
            left.append(letter)
        depth -= letter == END
    return "".join(left)


@pytest.fixture(scope="module")
def marked_catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every text of ours and of Django, in marks."""
    marked = Catalog(locale=LANGUAGE)
    of_django = Path(django.__file__).parent
    sources = [
        catalogue.FRENCH,
        of_django / "conf/locale/en/LC_MESSAGES/django.po",
        of_django / "contrib/humanize/locale/en/LC_MESSAGES/django.po",
    ]
    for source in sources:
        for message in catalogue.read(source):
            if message.id:
                marked.add(message.id, _mark(message.id), context=message.context)
    file = tmp_path_factory.mktemp("locale") / LANGUAGE / "LC_MESSAGES" / "django.mo"
    file.parent.mkdir(parents=True)
    with file.open("wb") as out:
        write_mo(out, marked)
    return file.parent.parent.parent


def _mark(text: Any) -> Any:
    return f"{BEGIN}{text}{END}" if isinstance(text, str) else tuple(_mark(form) for form in text)


@pytest.fixture
def marked(settings: Any, marked_catalogue: Path) -> None:
    settings.LANGUAGES = [("en", "English"), (LANGUAGE, "esperanto")]
    settings.LOCALE_PATHS = [marked_catalogue]


@pytest.fixture
def changes(things: dict[str, str]) -> None:
    """Of every sort, for the audit to tell of."""
    joe = Mailbox.objects.get(pk="joe@example.org")
    edit_mailbox(mailbox=joe, changes={"name": "joe", "quota_bytes": 5_120_000, "active": False}, actor=system())


@pytest.mark.usefixtures("marked", "changes")
@pytest.mark.parametrize("who", ["anonymous", "root", "alice", "charlie"])
def test_every_page_is_given_to_the_translators_whole(
    who: str, things: dict[str, str], request: pytest.FixtureRequest, signed_in: Callable[[Account], Client]
) -> None:
    """The forms are sent as well, empty; what a request changed is undone."""
    account = None if who == "anonymous" else request.getfixturevalue(who)
    opened, found = 0, {}
    for name, row in TABLE.items():
        url = reverse(name, args=[things.get(arg, arg) for arg in row.args])
        for method in row.methods.split():
            with transaction.atomic():
                client = signed_in(account) if account else Client()
                html = _page(client, method, url, row.post if method == "POST" else None)
                transaction.set_rollback(True)
            opened += bool(html)
            if left := unmarked(html):
                found[f"{method} {name}"] = left

    assert found == {}
    assert opened >= (5 if who == "anonymous" else 50)


def _page(client: Client, method: str, url: str, data: dict[str, Any] | None) -> str:
    send = client.get if method == "GET" else client.post
    response = send(url, data, headers={"Accept-Language": LANGUAGE})
    is_page = response.get("Content-Type", "").startswith("text/html") and not response.streaming
    return response.content.decode() if is_page else ""


@pytest.mark.usefixtures("marked")
@pytest.mark.parametrize(
    "page",
    [errors.bad_request, errors.permission_denied, errors.page_not_found, errors.server_error, errors.csrf_failure],
)
def test_every_error_page_is_given_to_the_translators_whole(page: Callable[..., HttpResponse], rf: Any) -> None:
    request = rf.get("/mailboxes/")
    request.user = AnonymousUser()
    with translation.override(LANGUAGE):
        html = page(request).content.decode()

    assert unmarked(html) == []
    assert html.count(BEGIN) > 2


@pytest.mark.usefixtures("marked", "things")
def test_the_way_in_is_given_to_the_translators_whole(charlie: Account, settings: Any) -> None:
    """What no address alone leads to: a refused sign-in, the second step and a wrong code, a link of a letter, and the
    answer to too many attempts."""
    settings.SITE_URL = "http://testserver"
    _link, link = make_link(account=charlie, purpose=Purpose.SET_UP, sent_to="a@b.test", lifetime=timedelta(hours=1))
    client = Client(headers={"Accept-Language": LANGUAGE})
    client.get(link)
    html = [_page(client, "GET", reverse("accounts:set_password"), None)]
    html += [_page(client, "POST", reverse("accounts:set_password"), {"new": "abc", "again": "x"})]

    sign_in, factor = reverse("accounts:sign_in"), reverse("accounts:factor")
    right = {"identifier": charlie.address, "password": PASSWORD}
    client.post(sign_in, right)
    html += [_page(client, "GET", factor, None), _page(client, "POST", factor, {"code": "000000"})]
    html += [_page(client, "POST", sign_in, {**right, "password": "not this one"}) for _attempt in range(6)]

    assert [left for page in html if (left := unmarked(page))] == []
    assert [bool(page) for page in html] == [True] * len(html)


@pytest.mark.usefixtures("marked", "changes")
def test_the_audit_tells_of_every_entry_in_words(root: Account, signed_in: Callable[[Account], Client]) -> None:
    client = signed_in(root)

    found = {
        entry.action: left
        for entry in Entry.objects.all()
        if (left := unmarked(_page(client, "GET", reverse("audit:detail", args=[entry.pk]), None)))
    }

    assert found == {}


@pytest.mark.usefixtures("marked")
@pytest.mark.parametrize("kind", Kind)
def test_every_letter_is_given_to_the_translators_whole(kind: Kind, charlie: Account, settings: Any) -> None:
    settings.SITE_URL = "https://mail.example.net"
    charlie.language = LANGUAGE
    now = timezone.now()
    by, link = {"by": "root@example.net", "client_address": "192.0.2.44"}, "https://mail.example.net/link/abc/"
    facts = {**by, "name": "Phone", "days": 7, "link": link, "until": now, "expires_at": now}

    letter = compose(Letter(pk=1, kind=kind, queued_at=now), Draft("charlie@example.org", charlie, facts))

    paragraphs = [letter.subject, *letter.body.replace("\n", " ").split("  ")]
    left = " ".join(_outside_of_marks(text) for text in paragraphs).split()
    assert [word for word in left if _is_text(word)] == []
    assert "charlie@example.org" in letter.subject
    assert len(letter.body) > 200


@pytest.mark.parametrize("model", ["domain", "aliasdomain", "alias", "mailbox", "account", "vacation", "apppassword"])
def test_every_recorded_field_has_a_word(model: str) -> None:
    fields = next(each for each in apps.get_models() if each._meta.model_name == model)._meta.concrete_fields
    recorded = {field.name for field in fields if not field.generated and field.name not in UNRECORDED_FIELDS}

    assert recorded - FIELDS.keys() == set()
