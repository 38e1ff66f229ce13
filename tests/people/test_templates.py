"""What a template may say, and what is told of one that says it wrong."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from domains.models import Domain
from mailadmin.accounts.models import Account
from mailadmin.audit.models import Entry
from people.models import Template
from people.names import in_ascii, numbered, words_of
from people.reading import OCTETS_AT_MOST, read_template
from people.services.templates import create_template, delete_template, edit_template, template_for
from tests.factories import actor_of, system

WHOLE = """\
# What people of the sales department get.
addresses:
  - "{first_initial}{last}"
  - "{first}.{last}"
on_collision: next
aliases: ["{last}", "{first}.{last}@example.com"]
groups: [Sales@Example.ORG]
forwarding: [archive@elsewhere.test]
keep_copy: false
quota_mb: 2048
language: fr
invitation: true
person: {department: Sales, organization: Example Inc.}
offboarding:
  reply_subject: "{name} has left"
  reply_body: |
    Please write to {successor}.
  forward_days: 30
  archive_days: 90
  purge_days: 30
  reserve_days: 365
"""


def test_all_fields_are_read() -> None:
    read = read_template(WHOLE)
    assert read["addresses"] == ["{first_initial}{last}", "{first}.{last}"]
    assert read["groups"] == ["sales@example.org"]
    assert read["person"] == {"department": "Sales", "organization": "Example Inc."}
    assert read["offboarding"]["reply_body"] == "Please write to {successor}.\n"
    assert len(read) == 11


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
WRONG: dict[str, tuple[str, str]] = {
    "unknown field": ("quota_mb: 1\nquota: 5\n", "Line 2, quota: There is no such field"),
    "twice": ("quota_mb: 1\nquota_mb: 2\n", "Line 2, quota_mb: This is there twice."),
    "no mapping": ("- a\n", "Line 1: Here belong lines"),
    "a text": ("just a text", "Line 1: Here belong lines"),
    "wrong type": ("\nquota_mb: much\n", "Line 2, quota_mb: This must be a whole number"),
    "a flag for a number": ("quota_mb: true\n", "Line 1, quota_mb: This must be a whole number"),
    "negative": ("quota_mb: -1\n", "Line 1, quota_mb: This must be a whole number"),
    "a word for a flag": ("invitation: perhaps\n", "Line 1, invitation: This must be true or false."),
    "no list": ("groups: sales@example.org\n", "Line 1, groups: This must be a list"),
    "a number in a list": ("groups: [5]\n", "Line 1, groups: This must be a text."),
    "no address": ("groups: [sales]\n", "Line 1, groups: “sales” is not an address"),
    "placeholder": ("addresses: ['{surname}']\n", "Line 1, addresses: There is no “{surname}”"),
    "a password in a reply": ("offboarding:\n  reply_body: '{password}'\n", "Line 2, offboarding.reply_body: There is"),
    "collision": ("on_collision: ask\n", "Line 1, on_collision: This must be one of"),
    "language": ("language: xx\n", "Line 1, language: This must be one of"),
    "nested unknown": ("offboarding:\n  days: 1\n", "Line 2, offboarding.days: There is no such field"),
    "no nesting": ("offboarding: 5\n", "Line 1, offboarding: Here belong lines"),
    "anchors": (BOMB, "Line 1: Anchors and aliases"),
    "merge": ("<<: {quota_mb: 1}\n", "Line 1, <<: There is no such field"),
    "tags": ("quota_mb: !!python/object/apply:os.system ['true']\n", "Line 1: Tags"),
    "deep": ("person: " + "[" * 500 + "]" * 500, "Line 1: This is nested too deep."),
    "no YAML": ("quota_mb: [1\n", "Line 2: "),
    "a tab": ("person:\n\tdepartment: x\n", "Line 2: "),
    "two documents": ("quota_mb: 1\n---\nquota_mb: 2\n", "Line 2: "),
    "a control character": ("language: \x00\n", "Line 1: "),
    "a lone surrogate": ("language: \ud800\n", "Line 1: "),
    "a complex key": ("? [a, b]\n: 1\n", "Line 1, ?: There is no such field"),
    "too many": (f"groups: [{', '.join(['a@example.org'] * 51)}]", "Line 1, groups: This must be a list of 50"),
    "a timestamp": ("language: 2026-01-01\n", "Line 1, language: This must be one of"),
    "an impossible date": ("language: 2026-13-45\n", "Line 1, language: "),
    "huge number": (f"quota_mb: {'9' * 6000}\n", "Line 1, quota_mb: "),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_with_its_line_and_field(name: str) -> None:
    source, told = WRONG[name]
    with pytest.raises(ValidationError) as refused:
        read_template(source)
    (text,) = refused.value.message_dict["source"]
    assert text[: len(told)] == told


def test_a_large_one_is_not_read_at_all() -> None:
    with pytest.raises(ValidationError) as refused:
        read_template("#" * (OCTETS_AT_MOST + 1))
    assert refused.value.error_dict["source"][0].code == "template_long"


def test_an_empty_one_says_nothing() -> None:
    assert read_template("") == read_template("# nothing\n") == {}


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Zoë", "zoe"),
        ("Groß", "gross"),
        ("Øystein Ærø", "oysteinaero"),
        ("Łukasz", "lukasz"),
        ("Jean-Rémi", "jean-remi"),
        ("O'Brien", "obrien"),
        ("van der Berg", "vanderberg"),
        ("İpek Işık", "ipekisik"),
        ("Nguyễn", "nguyen"),
        ("ﬁne ①", "fine1"),
        ("李小龍", ""),
        ("-", ""),
    ],
)
def test_names_are_written_in_ascii(name: str, plain: str) -> None:
    assert in_ascii(name) == plain


def test_words_and_numbers() -> None:
    assert words_of("Zoë", "de Groß", "A 7") == {
        "first": "zoe",
        "last": "degross",
        "first_initial": "z",
        "last_initial": "d",
        "employee_number": "a7",
    }
    assert numbered("x" * 80, 12) == "x" * 62 + "12"
    assert numbered("x" * 63 + ".y", 1) == "x" * 63


@pytest.mark.django_db
def test_the_best_fitting_one_is_taken(example_org: Domain, example_com: Domain) -> None:
    def make(name: str, **where: Any) -> None:
        create_template(name=name, source="quota_mb: 1", **where, actor=system())

    assert template_for("example.org", "Sales") is None
    make("all")
    make("sales everywhere", department="Sales")
    make("org", domain=example_org)
    make("org sales", domain=example_org, department="sales")

    taken = {
        (domain, part): str(template_for(domain, part))
        for domain in ("example.org", "example.com")
        for part in ("Sales", "IT")
    }
    assert taken == {
        ("example.org", "Sales"): "org sales",
        ("example.org", "IT"): "org",
        ("example.com", "Sales"): "sales everywhere",
        ("example.com", "IT"): "all",
    }


@pytest.mark.django_db
def test_two_for_the_same_are_refused(sales: Template, example_org: Domain) -> None:
    for name, department, code in (("Sales", "IT", "template_exists"), ("Other", "SALES", "template_twice")):
        with pytest.raises(ValidationError) as refused:
            create_template(name=name, domain=example_org, department=department, source="quota_mb: 1", actor=system())
        assert [error.code for errors in refused.value.error_dict.values() for error in errors] == [code]


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["", "a/b", "Sales\n", "x" * 65, " ", "<b>"])
def test_a_name_that_could_be_no_key_is_refused(name: str) -> None:
    with pytest.raises(ValidationError) as refused:
        create_template(name=name, source="quota_mb: 1", actor=system())
    assert list(refused.value.message_dict) == ["name"]


@pytest.mark.django_db
def test_an_administrator_writes_those_of_the_own_domains(
    alice: Account, bob: Account, example_org: Domain, sales: Template
) -> None:
    alices, bobs = actor_of(alice), actor_of(bob)
    edit_template(template=sales, changes={"source": "quota_mb: 1"}, actor=alices)
    for act in (
        lambda: create_template(name="All", source="quota_mb: 1", actor=alices),
        lambda: edit_template(template=sales, changes={"domain": None}, actor=alices),
        lambda: edit_template(template=sales, changes={"source": ""}, actor=bobs),
        lambda: delete_template(template=sales, actor=bobs),
    ):
        with pytest.raises(PermissionDenied):
            act()
    assert list(Template.objects.visible_to(bobs)) == []
    delete_template(template=sales, actor=alices)
    actions = Entry.objects.filter(object_type="template").order_by("id").values_list("action", flat=True)
    assert list(actions) == ["template.create", "template.edit", "template.delete"]
