"""What templates need beyond Django's own: icons, addresses as people write them, sizes, quota bars."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache

from django import template
from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.template.loader import get_template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timesince import timesince
from django.utils.translation import get_language, gettext_lazy, ngettext, pgettext
from django.utils.translation import gettext as _

from aliases.models import Alias
from mailadmin.addresses import show_address, show_domain
from mailadmin.audit.forms import action_label
from mailadmin.audit.models import Entry
from mailadmin.audit.words import field_label

register = template.Library()
register.filter("show_address", show_address)
register.filter("show_domain", show_domain)

HIGH, FULL = 0.8, 0.95
BASE, NAME = "[base]", "[name]"  # no URL contains either
TARGETS_SHOWN = 3
FIELDS_SHOWN = 4


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """One of the drawings of static/mailadmin/icons.svg. It says nothing to a screen reader: a text must."""
    sheet = static("mailadmin/icons.svg")
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', sheet, name)


@register.simple_tag
def row_menu(template_name: str, base: str, name: object, active: bool) -> SafeString:
    """What may be done to a row; `base` is the URL of its page.

    The menus of a page differ in `base` and `name` alone, and to render each took a third of the page's time.
    """
    menu = _menu(template_name, active, get_language())
    return mark_safe(menu.replace(BASE, escape(base)).replace(NAME, escape(name)))  # noqa: S308 escaped, both


@cache
def _menu(template_name: str, active: bool, language: str | None) -> str:
    return get_template(template_name).render({"base": BASE, "name": NAME, "active": active})


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
    decimals = 0 if number >= 100 or number == int(number) else 1
    return f"{number_format(round(number, decimals), decimals)}\N{NO-BREAK SPACE}{unit}"


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


# The cells of each row are made here rather than by a template for each, which took half of a page's time.
@register.simple_tag
def check(key: str, name: object) -> SafeString:
    """The box that chooses a row for what is to be done to several."""
    label = _("Choose %(name)s") % {"name": name}
    return format_html(
        '<td class="check"><input class="form-check-input" type="checkbox" name="key" value="{}" form="bulk"'
        ' aria-label="{}"></td>',
        key,
        label,
    )


@register.simple_tag
def meter(used: int | None, most: int, label: str, unit: str = "bytes") -> SafeString:
    """A bar of how much of a limit is used. Without a limit the number alone is shown."""
    used = used or 0
    show = megabytes if unit == "bytes" else str
    if most <= 0:
        none = format_html(' <span class="soft">/ {}</span>', _("none allowed")) if most else ""
        return format_html('<div class="meter"><div class="meter-text"><span>{}{}</span></div></div>', show(used), none)
    return format_html(
        '<div class="meter"><div class="meter-text"><span>{} <span class="soft">/ {}</span></span>'
        '<span class="soft">{percent} %</span></div>'
        '<progress class="{}" max="100" value="{percent}" aria-label="{}">{percent} %</progress></div>',
        show(used),
        show(most),
        _level(used / most),
        label,
        percent=min(100, round(100 * used / most)),
    )


@register.simple_tag
def state_badge(active: bool, of: str = "") -> SafeString:
    """`of="mailbox"`: the words for one, where a language has others for it than for a domain or an alias."""
    on, off = _("Active"), _("Off")
    if of == "mailbox":
        on, off = pgettext("mailbox", "Active"), pgettext("mailbox", "Off")
    if active:
        return mark_safe(f'<span class="badge badge-on">{on}</span>')  # noqa: S308 a fixed text
    return mark_safe(f'<span class="badge badge-off">{off}</span>')  # noqa: S308 a fixed text


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
    more = ngettext("and %(count)d more", "and %(count)d more", rest) % {"count": rest}
    return shown if rest <= 0 else f"{shown} {more}"


register.filter("action_label", action_label)
FACES = {
    "page": gettext_lazy("page"),
    "command": gettext_lazy("command line"),
    "worker": gettext_lazy("worker"),
    "sign-in": gettext_lazy("sign-in"),
    "link": gettext_lazy("link in a mail"),
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
    shown = ", ".join(field_label(name) for name in names[:FIELDS_SHOWN])
    return f"{shown}…" if len(names) > FIELDS_SHOWN else shown
