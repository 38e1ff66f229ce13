"""What a client asks first (RFC 7644, 4)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response
from scim2_models import (
    Context,
    ForbiddenException,
    ListResponse,
    Meta,
    Resource,
    ResourceType,
    Schema,
    ServiceProviderConfig,
)

from .provider import PROVIDER
from .views import ScimView


class DiscoveryView(ScimView):
    model: ClassVar[type[Resource[Any]]]
    endpoint: ClassVar[str]

    def described(self, resource: Any) -> Any:
        location = f"{self.base}/{self.endpoint}" + (f"/{resource.id}" if resource.id else "")
        return resource.model_copy(update={"meta": Meta(resource_type=self.model.__name__, location=location)})


class Config(DiscoveryView):
    model, endpoint = ServiceProviderConfig, "ServiceProviderConfig"

    def get(self, request: Request) -> Response:
        return Response(self.described(PROVIDER.config).model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE))


class DiscoveryList(DiscoveryView):
    resources: ClassVar[tuple[Any, ...]]

    def get(self, request: Request, uid: str = "") -> Response:
        if "filter" in request.query_params:
            raise ForbiddenException(detail="What the service says of itself is not filtered.")
        found = [self.described(each) for each in self.resources if not uid or str(each.id).lower() == uid.lower()]
        if not uid:
            told: Any = ListResponse.__class_getitem__(self.model)
            page = told(total_results=len(found), start_index=1, items_per_page=len(found), resources=found)
            return Response(page.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE))
        if not found:
            raise Http404
        return Response(found[0].model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE))


class Schemas(DiscoveryList):
    model, endpoint = Schema, "Schemas"
    resources = PROVIDER.schemas


class ResourceTypes(DiscoveryList):
    model, endpoint = ResourceType, "ResourceTypes"
    resources = PROVIDER.resource_types
