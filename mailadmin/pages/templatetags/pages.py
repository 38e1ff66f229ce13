"""What templates need beyond Django's own: icons, addresses as people write them, sizes, quota bars."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django import template
from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from aliases.models import Alias
from mailadmin.addresses import show_address, show_domain
from mailadmin.audit.forms import action_label
from mailadmin.audit.models import Entry

register = template.Library()
register.filter("show_address", show_address)
register.filter("show_domain", show_domain)

HIGH, FULL = 0.8, 0.95
TARGETS_SHOWN = 3
FIELDS_SHOWN = 4


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """One of the drawings of static/mailadmin/icons.svg. It says nothing to a screen reader: a text must."""
    sheet = static("mailadmin/icons.svg")
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', sheet, name)


@register.filter
def quota(value: int | None) -> str:
    """Bytes as people read them; 0 is unlimited, -1 is none at all."""
    if not value:
        return _("unlimited")
    return _("none") if value < 0 else megabytes(value)


@register.filter
def megabytes(value: int | None) -> str:
    """In the multiples that the site's quotas count in."""
    number = float(value or 0)
    for unit in (_("MB"), _("GB"), _("TB")):
        step = settings.QUOTA_MULTIPLIER if unit == _("MB") else 1024
        number = number / step
        if number < 1024 or unit == _("TB"):
            break
    return f"{number:.0f} {unit}" if number >= 100 or number == int(number) else f"{number:.1f} {unit}"


@register.filter
def limit(value: int) -> str:
    """A domain's limit on the number of something."""
    if value == 0:
        return _("unlimited")
    return _("none allowed") if value < 0 else str(value)


@register.filter
def size(value: int | None) -> str:
    return filesizeformat(value or 0)


def _level(share: float) -> str:
    if share >= FULL:
        return "full"
    return "high" if share >= HIGH else ""


@register.inclusion_tag("pages/_meter.html")
def meter(used: int | None, most: int, label: str, unit: str = "bytes") -> dict[str, Any]:
    """A bar of how much of a limit is used. Without a limit the number alone is shown."""
    used = used or 0
    show = megabytes if unit == "bytes" else str
    limited = most > 0
    return {
        "label": label,
        "used": show(used),
        "most": show(most) if limited else "",
        "none": most < 0,
        "percent": min(100, round(100 * used / most)) if limited else 0,
        "level": _level(used / most) if limited else "",
    }


@register.simple_tag
def state_badge(active: bool) -> SafeString:
    if active:
        return mark_safe(f'<span class="badge badge-on">{_("Active")}</span>')  # noqa: S308 a fixed text
    return mark_safe(f'<span class="badge badge-off">{_("Off")}</span>')  # noqa: S308 a fixed text


@register.filter
def ago(moment: datetime) -> str:
    if timezone.now() - moment < timedelta(minutes=1):
        return _("just now")
    return _("%(time)s ago") % {"time": timesince(moment, depth=1)}


@register.filter
def targets(alias: Alias) -> str:
    """The first targets of an alias, and how many more; of a mailbox's forwarding without the mailbox itself."""
    others = [show_address(target) for target in alias.targets if target != alias.address]
    shown = ", ".join(others[:TARGETS_SHOWN])
    rest = len(others) - TARGETS_SHOWN
    return shown if rest <= 0 else f"{shown} {ngettext('and %d more', 'and %d more', rest) % rest}"


register.filter("action_label", action_label)
FACES = {
    "page": gettext_lazy("page"),
    "command": gettext_lazy("command line"),
    "worker": gettext_lazy("worker"),
    "sign_in": gettext_lazy("sign-in"),
}


@register.filter
def face_label(face: str) -> str:
    return str(FACES.get(face, face))


@register.filter
def changed_fields(entry: Entry) -> str:
    """The names of the fields of a change; of a new or a deleted object it was all of them."""
    if not entry.before or not entry.after:
        return ""
    names = sorted(entry.before.keys() | entry.after.keys())
    return ", ".join(name.replace("_", " ") for name in names[:FIELDS_SHOWN]) + (
        "…" if len(names) > FIELDS_SHOWN else ""
    )
