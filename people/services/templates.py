"""The one way in which templates are written, and which one is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from domains.models import Domain
from domains.rules import require
from mailadmin.audit import services as audit
from mailadmin.errors import refuse
from mailadmin.revisions import differing, refuse_stale
from mailadmin.transactions import atomic
from people.models import Template
from people.reading import read_template
from people.rules import can_change_template

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor

FIELDS = ("name", "domain", "department", "source")


@atomic
def create_template(
    *, name: str, source: str, domain: Domain | None = None, department: str = "", actor: Actor
) -> Template:
    """Without a domain it is for all of them, without a department for those that have no template of their own."""
    template = Template(name=name, domain=domain, department=department, source=source)
    require(can_change_template(actor, template.domain_id))
    _check(template)
    template.save(force_insert=True)
    audit.record("template.create", actor=actor, target=template, domain_name=template.domain_id or "")
    return template


@atomic
def edit_template(
    *, template: Template, changes: dict[str, Any], expected_revision: str | None = None, actor: Actor
) -> Template:
    require(can_change_template(actor, template.domain_id))
    template = Template.objects.select_for_update().get(pk=template.pk)
    refuse_stale(template, expected_revision)
    for name in changes.keys() - FIELDS:
        refuse(name, _("“%(name)s” cannot be changed."), "field_unknown", name=name)
    if not (changes := differing(template, changes)):
        return template
    before = audit.snapshot(template)
    for name, value in changes.items():
        setattr(template, name, value)
    require(can_change_template(actor, template.domain_id))
    _check(template)
    template.modified_at = timezone.now()
    template.save()
    after, of = audit.snapshot(template), template.domain_id or ""
    audit.record("template.edit", actor=actor, target=template, before=before, after=after, domain_name=of)
    return template


@atomic
def delete_template(*, template: Template, actor: Actor) -> None:
    """Who was onboarded by it stays as they are."""
    require(can_change_template(actor, template.domain_id))
    template = Template.objects.select_for_update().get(pk=template.pk)
    of = template.domain_id or ""
    audit.record(
        "template.delete", actor=actor, target=template, before=audit.snapshot(template), after={}, domain_name=of
    )
    template.delete()


def template_for(domain_name: str, department: str) -> Template | None:
    """The one that fits best: of the domain before all others', and there of the department before the rest."""
    candidates = Template.objects.filter(Q(domain=None) | Q(domain_id=domain_name)).order_by("name")
    fitting = [each for each in candidates if each.department.casefold() in ("", department.casefold())]
    return max(fitting, key=lambda each: (each.domain_id is not None, each.department != ""), default=None)


def _check(template: Template) -> None:
    others = Template.objects.exclude(pk=template.pk)
    if others.filter(name=template.name).exists():
        refuse("name", _("%(name)s is here already."), "template_exists", name=template.name)
    departments = others.filter(domain=template.domain).values_list("department", flat=True)
    if template.department.casefold() in (each.casefold() for each in departments):
        refuse("department", _("There is a template of this domain and department already."), "template_twice")
    template.clean_fields(exclude={"domain"})
    read_template(template.source)
