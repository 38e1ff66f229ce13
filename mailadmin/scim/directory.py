"""What Users and Groups have in common: rows that a token may see, shown as resources and changed by services."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, ClassVar, Generic, TypeVar

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from scim2_models import Context, Meta, Resource

from domains.models import AliasDomain, Domain
from mailadmin.accounts.actors import Actor
from mailadmin.addresses import normalise_address
from mailadmin.errors import at_field, refuse

from .filters import Columns

Row = TypeVar("Row", bound=Model)


class Directory(ABC, Generic[Row]):
    """`base`: the URL that the resources are below."""

    name: ClassVar[str]  # of the resource type
    model: ClassVar[type[Resource[Any]]]
    columns: ClassVar[Columns]  # that a filter can ask for
    orders: ClassVar[dict[tuple[str, str | None], str]]  # what can be sorted by, and its column
    # What a PUT that does not mention it leaves as it is: mail depends on it.
    kept: ClassVar[tuple[str, ...]] = ()

    def __init__(self, actor: Actor, base: str) -> None:
        self.actor, self.base = actor, base

    @abstractmethod
    def rows(self) -> QuerySet[Row]:
        """Those that the token may see."""

    @abstractmethod
    def total(self) -> int:
        """How many those are."""

    @abstractmethod
    def present(self, rows: Sequence[Row]) -> list[Any]:
        """As resources, without `meta`."""

    @abstractmethod
    def create(self, wanted: Any) -> Row:
        """Call the services that make it."""

    @abstractmethod
    def change(self, row: Row, before: Any, wanted: Any) -> Row:
        """Call the services for what differs."""

    @abstractmethod
    def remove(self, row: Row) -> None:
        """Call the service that ends it."""

    def show(self, rows: Sequence[Row]) -> list[Any]:
        return [self._described(row, resource) for row, resource in zip(rows, self.present(rows), strict=True)]

    def location(self, uid: str) -> str:
        return f"{self.base}/{self.name}s/{uid}"

    def _described(self, row: Any, resource: Any) -> Any:
        resource.meta = Meta(
            resource_type=self.name,
            created=row.created_at,
            last_modified=row.modified_at,
            location=self.location(row.uid),
            version=_version(resource),
        )
        return resource

    def address_of(self, name: str, field: str) -> str:
        """A name without its domain is one of the only domain that the token is good for."""
        if "@" not in name:
            name = f"{name}@{self._only_domain(field)}"
        return at_field(field, normalise_address, name)

    def _only_domain(self, field: str) -> str:
        aliases = AliasDomain.objects.values("pk")
        names = Domain.objects.visible_to(self.actor).exclude(pk__in=aliases).values_list("pk", flat=True)[:2]
        if len(names) != 1:
            refuse(field, _("The token is good for several domains: give the whole address."), "domain_missing")
        return names[0]


def _version(resource: Any) -> str:
    """Weak: it says what is shown, not how it is written (RFC 7643, 3.1)."""
    told = repr(resource.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE))
    return f'W/"{sha256(told.encode(errors="surrogatepass")).hexdigest()[:24]}"'
