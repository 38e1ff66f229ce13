"""What REST tells of an import."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from bulk.lines import Outcome
from bulk.models import Action, Existing, Import, Kind, Mode, State
from mailadmin.api.fields import Fields


class CountFields(serializers.Serializer[Any]):
    create = serializers.IntegerField(read_only=True)  # type: ignore[assignment]  # not the method of that name
    change = serializers.IntegerField(read_only=True)
    nothing = serializers.IntegerField(read_only=True)
    refused = serializers.IntegerField(read_only=True)


class ImportFields(serializers.Serializer[Import]):
    id = serializers.IntegerField(read_only=True)
    kind = serializers.ChoiceField(Kind.choices, read_only=True)
    existing = serializers.ChoiceField(Existing.choices, read_only=True)
    dry_run = serializers.BooleanField(source="preview_only", read_only=True, help_text="It cannot be applied.")
    mode = serializers.CharField(read_only=True, help_text="`all` or `good`; empty until it is applied.")
    state = serializers.ChoiceField(State.choices, read_only=True)
    lines = serializers.IntegerField(read_only=True)
    progress = serializers.IntegerField(read_only=True, help_text="Lines of the present state that are behind.")
    counts = CountFields(read_only=True, help_text="What its lines will do, once it is `ready`; then what they did.")
    error = serializers.CharField(read_only=True)
    results = serializers.SerializerMethodField(help_text="Where its lines are.")
    created_at = serializers.DateTimeField(read_only=True)
    finished_at = serializers.DateTimeField(read_only=True, allow_null=True)

    def get_results(self, row: Import) -> str:
        return reverse("api:import_lines", args=[row.pk])


class LineErrorFields(serializers.Serializer[Any]):
    field = serializers.CharField(read_only=True)
    code = serializers.CharField(read_only=True)
    message = serializers.CharField(read_only=True)


class LineFields(serializers.Serializer[Outcome]):
    line = serializers.IntegerField(read_only=True, help_text="Of the file, the first is 1.")
    key = serializers.CharField(read_only=True)
    action = serializers.ChoiceField(Action.choices, read_only=True)
    errors = LineErrorFields(many=True, read_only=True)  # type: ignore[assignment]  # not the property of that name


class ApplyFields(Fields):
    mode = serializers.ChoiceField(Mode.choices)


def described(row: Import) -> dict[str, Any]:
    return dict(ImportFields(row).data)
