"""What this service says of itself (RFC 7643, 5 to 7), and how strict it reads."""

from __future__ import annotations

from typing import Any

from scim2_models import (
    AuthenticationScheme,
    Bulk,
    ChangePassword,
    ETag,
    Filter,
    Pagination,
    Patch,
    Required,
    ResourceType,
    Schema,
    ScimPolicy,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
)

from .schemas import EnterpriseUser, Group, User

RESULTS_AT_MOST = 200
OPERATIONS_AT_MOST = 200  # each is a transaction; a web worker must be through in time
PAYLOAD_BYTES_AT_MOST = 1_000_000

# As the directories write it: unknown attributes are passed over, members are removed by a value, and a value that a
# path's filter does not find is made (Entra ID).
POLICY = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)
CONFIG = ServiceProviderConfig(
    patch=Patch(supported=True),
    bulk=Bulk(supported=True, max_operations=OPERATIONS_AT_MOST, max_payload_size=PAYLOAD_BYTES_AT_MOST),
    filter=Filter(supported=True, max_results=RESULTS_AT_MOST),
    change_password=ChangePassword(supported=True),
    sort=Sort(supported=True),
    etag=ETag(supported=True),
    pagination=Pagination(cursor=False, index=True, max_page_size=RESULTS_AT_MOST),
    authentication_schemes=[
        AuthenticationScheme(
            type=AuthenticationScheme.Type.oauthbearertoken,
            name="Bearer token",
            description="A token of this server with the scope scim, in the header Authorization.",
            primary=True,
        )
    ],
)
# With its extension. Subscripted as scim2-models makes it: as a class, which types do not know.
UserResource: Any = User.__class_getitem__(EnterpriseUser)
PROVIDER = ScimProvider(
    models=[User, EnterpriseUser, Group, Schema, ResourceType, ServiceProviderConfig],
    resource_types=[ResourceType.from_resource(model) for model in (UserResource, Group)],
    config=CONFIG,
    policy=POLICY,
)
# A mailbox is on or off: `active` cannot be taken away. Whoever makes one and does not say means on.
for attribute in PROVIDER.schemas[0].attributes or []:
    if attribute.name == "active":
        attribute.required = Required.true
