"""What a test says about a refusal: the field, the code, and that it left no trace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest
from django.apps import apps
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Model

from mailadmin.accounts.models import Session
from mailadmin.api.models import TokenUse


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


# A session holds the messages to be shown next, and a token's use counts requests; what people administer is in
# neither, nor in when something was used last.
OF_NO_ACCOUNT = (Session, TokenUse)
WHEN_USED = ("last_used_at", "last_used_from")


def _all_rows() -> dict[str, list[str]]:
    models = [model for model in apps.get_models() if model._meta.managed and model not in OF_NO_ACCOUNT]
    return {model._meta.label: sorted(repr(row) for row in _rows(model)) for model in models}


def _rows(model: type[Model]) -> Iterable[object]:
    columns = [field.attname for field in model._meta.concrete_fields if field.name not in WHEN_USED]
    return model._base_manager.values_list(*columns)
