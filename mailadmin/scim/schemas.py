"""What SCIM calls a User and a Group here: of RFC 7643 the attributes that we keep, and those alone."""

from typing import Annotated, Any, Union

from pydantic import Field, model_validator
from scim2_models import (
    URN,
    CaseExact,
    ComplexAttribute,
    ExtensibleStringEnum,
    Extension,
    Mutability,
    Reference,
    Required,
    Resource,
    Returned,
    Uniqueness,
)


class Name(ComplexAttribute):
    """The parts of the person's name."""

    family_name: str | None = Field(default=None, max_length=120)
    given_name: str | None = Field(default=None, max_length=120)


class Email(ComplexAttribute):
    """An address of the mailbox, or one elsewhere that the directory knows."""

    class Type(ExtensibleStringEnum):
        work = "work"
        home = "home"
        other = "other"

    value: str | None = Field(default=None, max_length=255)
    type: Type | None = None
    primary: bool | None = None


class User(Resource[Any]):
    """A mailbox, and whose it is."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = Field(default=None, max_length=255)
    name: Name | None = None
    display_name: str | None = Field(default=None, max_length=255)
    title: str | None = Field(default=None, max_length=120)
    preferred_language: str | None = Field(default=None, max_length=35, examples=["en", "fr"])
    active: bool | None = None
    password: Annotated[str | None, Mutability.write_only, Returned.never, CaseExact.true] = Field(
        None, max_length=1024
    )
    emails: list[Email] | None = Field(default=None, max_length=100)


class Manager(ComplexAttribute):
    """As the directory names them. Some clients send the id alone, or a list of one."""

    value: Annotated[str | None, CaseExact.true] = Field(default=None, max_length=255)

    @model_validator(mode="before")
    @classmethod
    def _of_the_id_alone(cls, given: Any) -> Any:
        if isinstance(given, list) and len(given) == 1:
            given = given[0]
        if isinstance(given, dict):
            given = given.get("value")
        return {"value": given} if isinstance(given, str | None) else given


class EnterpriseUser(Extension):
    """Where the person works."""

    __schema__ = URN("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User")

    employee_number: str | None = Field(default=None, max_length=64)
    cost_center: str | None = Field(default=None, max_length=120)
    organization: str | None = Field(default=None, max_length=120)
    division: str | None = Field(default=None, max_length=120)
    department: str | None = Field(default=None, max_length=120)
    manager: Manager | None = None


class Member(ComplexAttribute):
    """A User, a Group, or by its address somebody elsewhere."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = Field(default=None, max_length=255)
    ref: Annotated[Reference[Union["User", "Group"]] | None, Mutability.immutable] = Field(
        default=None, serialization_alias="$ref", validation_alias="$ref"
    )
    type: Annotated[str | None, Mutability.immutable] = Field(default=None, examples=["User", "Group"])


class Group(Resource[Any]):
    """A distribution alias."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Required.true] = Field(default=None, max_length=255)
    members: list[Member] | None = Field(default=None, max_length=1000)
