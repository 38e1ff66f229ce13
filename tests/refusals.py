"""What a test says about a refusal: the field, the code, and that it left no trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.apps import apps
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from mailadmin.accounts.models import Session


@contextmanager
def refused(code: str, field: str = NON_FIELD_ERRORS) -> Iterator[None]:
    with pytest.raises(ValidationError) as caught:
        yield
    assert _codes(caught.value) == {field: {code}}


def _codes(error: ValidationError) -> dict[str, set[str]]:
    fields = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
    return {field: {each.code for each in errors} for field, errors in fields.items()}


@contextmanager
def nothing_written() -> Iterator[None]:
    """Every row of every table is afterwards what it was before, the audit and the pending work among them."""
    before = _all_rows()
    yield
    assert _all_rows() == before


def _all_rows() -> dict[str, list[str]]:
    # A session holds the messages to be shown next and when it was used, and nothing of what people administer.
    models = [model for model in apps.get_models() if model._meta.managed and model is not Session]
    return {model._meta.label: sorted(repr(row) for row in model._base_manager.values_list()) for model in models}
