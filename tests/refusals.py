"""What a test says about a refusal: the field, and the code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError


@contextmanager
def refused(code: str, field: str = NON_FIELD_ERRORS) -> Iterator[None]:
    with pytest.raises(ValidationError) as caught:
        yield
    assert _codes(caught.value) == {field: {code}}


def _codes(error: ValidationError) -> dict[str, set[str]]:
    fields = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
    return {field: {each.code for each in errors} for field, errors in fields.items()}
