from __future__ import annotations

from django.utils.translation import gettext as _

from domains.models import AliasDomain, Domain
from mailadmin.addresses import show_domain
from mailadmin.errors import refuse


def lock_domain(name: str, *, field: str) -> Domain:
    """The domain that is to get an address, its row locked: two requests at once cannot both take the last place."""
    domain = Domain.objects.select_for_update().filter(pk=name).first()
    if domain is None:
        refuse(field, _("There is no domain %(name)s here."), "domain_unknown", name=show_domain(name))
    alias_domain = AliasDomain.objects.filter(pk=name).first()
    if alias_domain is not None:
        refuse(
            field,
            _("%(name)s is an alias domain: its addresses are those of %(target)s."),
            "domain_is_alias",
            name=alias_domain,
            target=show_domain(alias_domain.target_id),
        )
    return domain
