"""Administrators: superadmins, and the administrators of some domains."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib.auth.hashers import check_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from domains.models import Domain
from mailadmin.accounts.actors import Actor
from mailadmin.accounts.models import Account, Role
from mailadmin.accounts.passwords import validate_new_password
from mailadmin.accounts.rules import can_change_administrators
from mailadmin.accounts.sessions import end_sessions
from mailadmin.addresses import normalise_address, show_address
from mailadmin.audit import services as audit
from mailadmin.errors import at_field, refuse
from mailadmin.letters.models import Kind
from mailadmin.letters.services import notify
from mailadmin.revisions import refuse_stale
from mailadmin.transactions import atomic

EDITABLE = frozenset({"email", "name", "role", "domains", "language"})
ROLES = (Role.SUPERADMIN, Role.DOMAIN_ADMIN)


@atomic
def create_administrator(
    *,
    email: str,
    password: str | None,
    role: str = Role.DOMAIN_ADMIN,
    name: str = "",
    domains: Iterable[Domain] = (),
    active: bool = True,
    must_change: bool = False,
    actor: Actor,
) -> Account:
    """Without a password nobody can sign in to it until one is set. `must_change`: until it is another one, signing in
    leads nowhere else."""
    _require(actor)
    email = _address(email)
    _refuse_taken(email)
    account = Account(email=email, name=name.strip(), role=_role(role), is_active=active)
    account.password_change_required = must_change
    _set_password(account, password)
    account.full_clean()
    account.save()
    _set_domains(account, domains)
    _record("administrator.create", account, before=None, actor=actor)
    return account


@atomic
def edit_administrator(
    *, account: Account, changes: dict[str, Any], expected_revision: str | None = None, actor: Actor
) -> Account:
    """`changes`: email, name, role, domains (all of them), language."""
    _require(actor)
    unknown = changes.keys() - EDITABLE
    if unknown:
        raise TypeError(f"not a field to edit: {', '.join(sorted(unknown))}")
    account = _locked(account)
    refuse_stale(account, expected_revision)
    before = _snapshot(account)
    changes = dict(changes)
    domains = changes.pop("domains", None)
    for field, value in changes.items():
        setattr(account, field, _NORMALISERS[field](value))
    if account.email != before["email"]:
        _refuse_taken(account.email or "")
    if account.role != Role.SUPERADMIN:
        _keep_a_superadmin(account)
    account.full_clean()
    account.save()
    _set_domains(account, account.domains.all() if domains is None else domains)
    _record("administrator.edit", account, before=before, actor=actor)
    return account


@atomic
def set_administrator_active(*, account: Account, active: bool, actor: Actor) -> Account:
    """Switched off, its sessions end."""
    _require(actor)
    account = _locked(account)
    if not active:
        _keep_a_superadmin(account)
    before = _snapshot(account)
    account.is_active = active
    account.save(update_fields=["is_active"])
    if not active:
        end_sessions(account)
    _record(
        "administrator.activate" if active else "administrator.deactivate",
        account,
        before=before,
        actor=actor,
    )
    return account


@atomic
def set_administrator_password(*, account: Account, password: str, must_change: bool = False, actor: Actor) -> Account:
    """Its sessions end. `must_change`: as for a new one."""
    _require(actor)
    account = _locked(account)
    before = _snapshot(account)
    _set_password(account, password)
    account.password_change_required = must_change
    account.save(update_fields=["password", "password_change_required"])
    end_sessions(account)
    _record("administrator.password", account, before=before, actor=actor)
    notify(account, Kind.PASSWORD_SET, by=actor.label)
    return account


@atomic
def set_administrator_must_change(*, account: Account, must_change: bool, actor: Actor) -> Account:
    """Whether the administrator has to choose another password at the next sign-in; the present one stays."""
    _require(actor)
    account = _locked(account)
    before = _snapshot(account)
    account.password_change_required = must_change
    account.save(update_fields=["password_change_required"])
    _record("administrator.must_change", account, before=before, actor=actor)
    return account


@atomic
def change_administrator(*, account: Account, changes: dict[str, Any], actor: Actor) -> Account:
    """What scripts change in one request, all of it or nothing: the fields of `edit_administrator`, and beside them
    `active`, `password` and `must_change`. A password that it has already is left alone."""
    apart = {"active", "password", "must_change"}
    plain = {name: value for name, value in changes.items() if name not in apart}
    account = edit_administrator(account=account, changes=plain, actor=actor)
    if "active" in changes:
        account = set_administrator_active(account=account, active=changes["active"], actor=actor)
    must_change = changes.get("must_change", False)
    if "password" in changes and not check_password(changes["password"], account.password):
        return set_administrator_password(
            account=account, password=changes["password"], must_change=must_change, actor=actor
        )
    if "must_change" in changes:
        account = set_administrator_must_change(account=account, must_change=must_change, actor=actor)
    return account


@atomic
def delete_administrator(*, account: Account, actor: Actor) -> None:
    _require(actor)
    account = _locked(account)
    _keep_a_superadmin(account)
    before = _snapshot(account)
    audit.record("administrator.delete", actor=actor, target=account, before=before)
    account.delete()


def _require(actor: Actor) -> None:
    if not can_change_administrators(actor):
        raise PermissionDenied


def _superadmins() -> list[int]:
    """Under lock and in one order: of two requests that each take one away, the second sees the first."""
    superadmins = Account.objects.select_for_update().filter(role=Role.SUPERADMIN, is_active=True)
    return list(superadmins.order_by("pk").values_list("pk", flat=True))


def _locked(account: Account) -> Account:
    _superadmins()
    return Account.objects.administrators().select_for_update().get(pk=account.pk)


def _keep_a_superadmin(account: Account) -> None:
    if _superadmins() == [account.pk]:
        raise ValidationError(_("This is the last active superadmin: make another one first."), code="last_superadmin")


def _address(email: str) -> str:
    return at_field("email", normalise_address, email)


def _refuse_taken(email: str) -> None:
    if Account.objects.filter(email=email).exists():
        refuse("email", _("%(name)s is here already."), "administrator_exists", name=show_address(email))


def _role(role: str) -> str:
    if role not in ROLES:
        refuse("role", _("Choose a role."), "role_invalid")
    return role


_NORMALISERS: dict[str, Callable[[str], str]] = {"email": _address, "name": str.strip, "role": _role, "language": str}


def _set_password(account: Account, password: str | None) -> None:
    if password is not None:
        at_field("password", validate_new_password, password, about=(account.address, account.name))
    account.set_password(password)


def _set_domains(account: Account, domains: Iterable[Domain]) -> None:
    # A superadmin has them all; a list kept beside would come back unseen with a change of the role.
    account.domains.set([] if account.is_superadmin else domains)


def _domain_names(account: Account) -> list[str]:
    return list(account.domains.order_by("name").values_list("name", flat=True))


def _snapshot(account: Account) -> dict[str, Any]:
    return {**audit.snapshot(account), "domains": _domain_names(account)}


def _record(action: str, account: Account, *, before: dict[str, Any] | None, actor: Actor) -> None:
    after = _snapshot(account)
    if before != after:
        audit.record(action, actor=actor, target=account, before=before, after=after)
