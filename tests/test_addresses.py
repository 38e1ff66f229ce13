import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from mailadmin.addresses import (
    join_targets,
    normalise_address,
    normalise_domain,
    normalise_local_part,
    normalise_targets,
    show_address,
    show_domain,
    split_targets,
)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("example.org", "example.org"),
        (" Example.ORG. ", "example.org"),
        ("exämple.org", "xn--exmple-cua.org"),
        ("EXÄMPLE.org", "xn--exmple-cua.org"),
        ("straße.de", "xn--strae-oqa.de"),
        ("a-b.c-d.example", "a-b.c-d.example"),
        ("xn--exmple-cua.org", "xn--exmple-cua.org"),
        ("1.2.example.org", "1.2.example.org"),
    ],
)
def test_domain_is_stored_in_one_form(text, stored):
    assert normalise_domain(text) == stored


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "domain_empty"),
        (".", "domain_empty"),
        ("-a.org", "domain_invalid"),
        ("a-.org", "domain_invalid"),
        ("a..b", "domain_invalid"),
        (".a.org", "domain_invalid"),
        ("a_b.org", "domain_invalid"),
        ("a b.org", "domain_invalid"),
        ("a\n.org", "domain_invalid"),
        ("a\x00.org", "domain_invalid"),
        ("xn--a.org", "domain_invalid"),
        ("a/b.org", "domain_invalid"),
        ("a'b.org", "domain_invalid"),
        (f"{'a' * 64}.org", "domain_invalid"),
        (".".join(["a" * 60] * 5), "domain_invalid"),
        ("192.0.2.1", "domain_is_ip"),
        ("[192.0.2.1]", "domain_is_ip"),
        ("2001:db8::1", "domain_is_ip"),
        ("localhost", "domain_single_label"),
        ("example.123", "domain_numeric"),
    ],
)
def test_domain_that_is_none_is_refused(text, code):
    with pytest.raises(ValidationError) as refusal:
        normalise_domain(text)
    assert refusal.value.code == code


def test_single_label_is_accepted_where_the_site_says_so(settings):
    settings.SINGLE_LABEL_DOMAINS = True
    assert normalise_domain("intranet") == "intranet"


@pytest.mark.parametrize("text", ["joe", "John.Doe", "a+b", "o-brien_2", "x#$&*=?^{}~y", "7", "a" * 64])
def test_local_part_is_lower_case_and_otherwise_kept(text):
    assert normalise_local_part(text) == text.lower()


@pytest.mark.parametrize(
    "text",
    [
        "a/b",
        "../x",
        "..",
        ".joe",
        "joe.",
        "a..b",
        "a\x00b",
        "a\nb",
        "a\r\nb",
        "joe\n",
        "a,b",
        '"joe"',
        "o'brien",
        "a`b",
        "a b",
        "a\tb",
        "a|b",
        "a:b",
        "a;b",
        "a<b",
        "a(b",
        "a\\b",
        "#joe",
        "joe%other.org",
        "other!joe",
        "a@b",
    ],
)
def test_local_part_that_could_mean_something_else_is_refused(text):
    with pytest.raises(ValidationError) as refusal:
        normalise_local_part(text)
    assert refusal.value.code == "local_part_invalid"


def test_local_part_over_64_octets_is_refused():
    with pytest.raises(ValidationError) as refusal:
        normalise_local_part("a" * 65)
    assert refusal.value.code == "local_part_long"


def test_address_over_254_octets_is_refused():
    domain = ".".join(["a" * 60] * 3) + ".org"
    assert len(normalise_address(f"{'b' * 60}@{domain}")) == 60 + 1 + len(domain)
    with pytest.raises(ValidationError) as refusal:
        normalise_address(f"{'b' * 64}@{'c' * 20}.{domain}")
    assert refusal.value.code == "address_long"


def test_unicode_local_part_only_where_the_site_says_so(settings):
    with pytest.raises(ValidationError) as refusal:
        normalise_local_part("josé")
    assert refusal.value.code == "local_part_unicode"
    settings.SMTPUTF8 = True
    assert normalise_local_part("José") == "josé"
    for text in ("jo\u0085sé", "straße"):
        with pytest.raises(ValidationError) as refusal:
            normalise_local_part(text)
        assert refusal.value.code == "local_part_invalid"


def test_unicode_local_part_has_one_spelling(settings):
    settings.SMTPUTF8 = True
    assert normalise_local_part("jose\u0301") == normalise_local_part("jos\u00e9")


def test_catch_all_only_where_one_may_stand():
    assert normalise_address("@Example.org", catch_all=True) == "@example.org"
    with pytest.raises(ValidationError) as refusal:
        normalise_address("@example.org")
    assert refusal.value.code == "local_part_empty"


@pytest.mark.parametrize(
    "target", ["|cmd", '"|cmd"', ":include:/etc/passwd", "/var/mail/x", "joe", "a@b@c.org", "joe@", "joe@-a.org"]
)
def test_target_that_is_no_address_is_refused(target):
    with pytest.raises(ValidationError):
        normalise_targets([target])


def test_target_with_a_newline_is_refused_from_a_list():
    with pytest.raises(ValidationError):
        normalise_targets(["joe@example.org\nroot@example.org"])


def test_targets_are_kept_once_in_their_order():
    typed = "b@example.org, A@example.org\nb@EXAMPLE.org"
    assert normalise_targets(typed) == ["b@example.org", "a@example.org"]


def test_no_target_and_too_many_are_refused():
    for targets, code in ([], "target_missing"), ([f"u{n}@example.org" for n in range(1001)], "target_too_many"):
        with pytest.raises(ValidationError) as refusal:
            normalise_targets(targets)
        assert refusal.value.code == code


@given(st.text())
def test_any_text_is_an_address_or_a_validation_error(text):
    try:
        address = normalise_address(text)
    except ValidationError:
        return
    assert normalise_address(address) == address
    assert not set(address) & set(" \t\r\n\x00,/|'\"`")


@given(st.lists(st.from_regex(r"[a-z0-9]{1,9}@[a-z]{1,9}\.org", fullmatch=True), min_size=1, unique=True))
def test_targets_survive_the_column(addresses):
    assert split_targets(join_targets(addresses)) == addresses


def test_people_see_unicode():
    assert show_domain("xn--exmple-cua.org") == "exämple.org"
    assert show_address("joe@xn--exmple-cua.org") == "joe@exämple.org"
    assert show_domain("xn--zzzzzzzz.org") == "xn--zzzzzzzz.org"
