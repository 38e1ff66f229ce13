"""What Postfix is told, case by case; and that the delta and the full build tell it the same."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aliases.models import Alias
from domains.models import AliasDomain, Domain
from mailadmin.mailhost.entries import (
    AddressState,
    DomainState,
    address_entries,
    domain_entries,
    expanded_entries,
    is_usable,
)
from mailadmin.mailhost.source import addresses_of_domain, all_entries, entries_of_addresses, entries_of_domains
from mailboxes.models import Mailbox

HERE = DomainState("example.org", True, False, "virtual")
OFF = HERE._replace(active=False)
RELAYED = HERE._replace(backup_mx=True)
JOE = AddressState("joe@example.org", "joe@example.org", True, "example.org/joe/", True)
TEAM = AddressState("team@example.org", "joe@example.org,ann@example.org", True, None, False)
CATCH_ALL = AddressState("@example.org", "joe@example.org", True, None, False)


@pytest.mark.parametrize(
    ("domain", "entries"),
    [
        (None, {}),
        (OFF, {}),
        (HERE, {"virtual_domains": "example.org"}),
        (RELAYED, {"relay_domains": "example.org"}),
        (HERE._replace(transport="smtp:[mx]"), {"relay_domains": "example.org", "transport": "smtp:[mx]"}),
        (HERE._replace(transport="lmtp:unix:x"), {"virtual_domains": "example.org", "transport": "lmtp:unix:x"}),
        (HERE._replace(transport=""), {"virtual_domains": "example.org"}),
        (HERE._replace(transport="smtp:x\ny"), {"relay_domains": "example.org"}),
        (HERE._replace(name="Example.org"), {}),
    ],
)
def test_domain(domain, entries):
    assert domain_entries(domain) == entries


SELF = {
    "virtual_aliases": "joe@example.org",
    "virtual_mailboxes": "example.org/joe/",
    "sender_login": "joe@example.org",
}


@pytest.mark.parametrize(
    ("state", "domain", "entries"),
    [
        (JOE, HERE, SELF),
        (JOE, OFF, {}),
        (JOE, None, {}),
        (JOE, RELAYED, {"virtual_aliases": "joe@example.org"}),
        (JOE._replace(goto=None, alias_active=False), HERE, SELF),
        (JOE._replace(alias_active=False, goto="x@y.z"), HERE, SELF),
        (JOE._replace(goto="joe@example.org,x@y.z"), HERE, {**SELF, "virtual_aliases": "joe@example.org, x@y.z"}),
        (JOE._replace(goto="x@y.z\nv@w.z"), HERE, {**SELF, "virtual_aliases": "x@y.z, v@w.z"}),
        (JOE._replace(mailbox_active=False, alias_active=False), HERE, {}),
        (JOE._replace(mailbox_active=False), HERE, {}),
        (JOE._replace(mailbox_active=False, goto="joe@example.org, x@y.z"), HERE, {"virtual_aliases": "x@y.z"}),
        (
            TEAM,
            HERE,
            {
                "virtual_aliases": "joe@example.org, ann@example.org",
                "sender_login": "joe@example.org, ann@example.org",
            },
        ),
        (TEAM._replace(alias_active=False), HERE, {}),
        (TEAM._replace(goto=""), HERE, {}),
        (TEAM._replace(address="te am@example.org"), HERE, {}),
        (TEAM._replace(address="#team@example.org"), HERE, {}),
        (CATCH_ALL, HERE, {"virtual_aliases": "joe@example.org"}),
    ],
)
def test_address(state, domain, entries):
    assert address_entries(state, domain) == entries


def test_alias_domain_address_by_address():
    target = address_entries(JOE, HERE)
    assert expanded_entries("old.org", JOE.address, target) == {
        "virtual_aliases": "joe@example.org",
        "sender_login": "joe@example.org",
    }
    assert expanded_entries("old.org", JOE.address, {}) == {}
    assert expanded_entries("old.org", "@example.org", {"virtual_aliases": "joe@example.org"}) == {
        "virtual_aliases": "joe@example.org"
    }


@pytest.mark.parametrize("key", ["", " ", "a b@c.d", "a\n@c.d", "#a@c.d", "A@c.d", "a\x00@c.d", "a\u2028@c.d"])
def test_key_that_no_table_holds(key):
    assert not is_usable(key)


NAMES = ("a.org", "b.org", "c.org")
LOCAL = ("", "x", "y", "z")
addresses = st.builds(lambda local, name: f"{local}@{name}", st.sampled_from(LOCAL), st.sampled_from(NAMES))
domain_rows = st.dictionaries(
    st.sampled_from(NAMES), st.tuples(st.booleans(), st.booleans(), st.sampled_from(["virtual", "smtp:[m]", "lmtp:x"]))
)
alias_rows = st.dictionaries(addresses, st.tuples(st.lists(addresses, min_size=1, max_size=3), st.booleans()))
mailbox_rows = st.dictionaries(addresses.filter(lambda a: a[0] != "@"), st.booleans())
alias_domain_rows = st.dictionaries(st.sampled_from(NAMES), st.tuples(st.sampled_from(NAMES), st.booleans()))


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(domain_rows, alias_rows, mailbox_rows, alias_domain_rows)
def test_delta_and_full_build_agree_on_any_database(domains, aliases, mailboxes, alias_domains):
    _write(domains, aliases, mailboxes, alias_domains)
    full = {key: entries for key, entries in all_entries() if entries}
    every = [f"{local}@{name}" for local in LOCAL for name in NAMES]
    asked = dict(entries_of_addresses(every)) | entries_of_domains(NAMES)
    assert {key: entries for key, entries in asked.items() if entries} == full


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(domain_rows, alias_rows, mailbox_rows, alias_domain_rows, st.sampled_from(NAMES), st.booleans())
def test_change_of_a_domain_touches_no_address_but_those_it_names(
    domains, aliases, mailboxes, alias_domains, name, active
):
    _write({**domains, name: (True, False, "virtual")}, aliases, mailboxes, alias_domains)
    before = {key: entries for key, entries in all_entries() if entries}
    Domain.objects.filter(pk=name).update(active=active)
    AliasDomain.objects.filter(pk=name).update(active=active)
    after = {key: entries for key, entries in all_entries() if entries}
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    assert changed <= {name, *addresses_of_domain(name)}


def _write(domains, aliases, mailboxes, alias_domains):
    for model in (Domain, Alias, Mailbox, AliasDomain):
        model.objects.all().delete()
    Domain.objects.bulk_create(
        Domain(name=name, active=active, backup_mx=backup, transport=transport)
        for name, (active, backup, transport) in domains.items()
    )
    Alias.objects.bulk_create(
        Alias(address=address, goto=",".join(goto), active=active, domain_id=address.rpartition("@")[2])
        for address, (goto, active) in aliases.items()
    )
    Mailbox.objects.bulk_create(
        Mailbox(
            address=address,
            active=active,
            maildir=f"{address}/",
            local_part=address.partition("@")[0],
            domain_id=address.rpartition("@")[2],
        )
        for address, active in mailboxes.items()
    )
    AliasDomain.objects.bulk_create(
        AliasDomain(name=name, target_id=target, active=active) for name, (target, active) in alias_domains.items()
    )
