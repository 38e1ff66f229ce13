"""Addresses and domains in the path of a page."""

from django.urls import register_converter
from django.urls.converters import StringConverter


class AddressConverter(StringConverter):
    """With an @, so that no fixed word beside it is taken for one. Other programs' local parts may have a slash."""

    regex = r"[^@]*@[^@/]+"


class DomainConverter(StringConverter):
    regex = r"[^@/]+"


register_converter(AddressConverter, "address")
register_converter(DomainConverter, "domain")
