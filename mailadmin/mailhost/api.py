"""REST: /api/v1/jobs/, what the mail hosts have still to do, and did lately."""

from __future__ import annotations

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import StrIndex, Substr
from django.http import Http404
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mailadmin.api.fields import Fields, Moment
from mailadmin.api.resources import ReadResource, resource_paths
from mailadmin.api.scopes import WRITE
from mailadmin.errors import refuse
from mailadmin.mailhost.models import Kind, PendingWork
from mailadmin.mailhost.services import retry
from mailadmin.mailhost.tracing import own_names
from mailadmin.pages.finding import typed_address
from mailadmin.pages.keyset import Order

STATES = {"open": Q(done_at=None), "failed": Q(done_at=None) & ~Q(error=""), "done": Q(done_at__isnull=False)}


class JobFields(Fields):
    id = serializers.IntegerField()
    key = serializers.CharField(help_text="The domain or address; empty for all of them.")
    kind = serializers.ChoiceField(choices=Kind.choices, help_text="What of it the mail host takes over.")
    host = serializers.CharField(source="host_id")
    state = serializers.SerializerMethodField()
    attempts = serializers.IntegerField()
    error = serializers.CharField(help_text="Of the last try; it is tried again at `due_at`.")
    queued_at = Moment(read_only=True)
    due_at = Moment(read_only=True)
    done_at = Moment(read_only=True, allow_null=True)
    live = serializers.BooleanField(help_text="No mail host has anything left to do for this key.")

    def get_state(self, row: PendingWork) -> str:
        if row.done_at is not None:
            return "done"
        return "failed" if row.error else "open"


class JobResource(ReadResource[PendingWork]):
    scope = "jobs"
    model = PendingWork
    serializer_class = JobFields
    orders = {"id": Order("id", "id", descending=True)}
    filters = ("key", "host", "state")
    filter_schemas = {"state": {"type": "string", "enum": list(STATES)}}

    def rows(self) -> QuerySet[PendingWork]:
        """Of its domains and of what is in them; what concerns no domain is for tokens of all of them."""
        names = own_names(self.actor)
        if names is None:
            return PendingWork.objects.all()
        domain = Substr("key", StrIndex("key", Value("@")) + 1)
        return PendingWork.objects.alias(domain=domain).filter(domain__in=names)

    def live_keys(self, row: PendingWork) -> list[str]:
        return [row.key]

    def narrow(self, rows: QuerySet[PendingWork]) -> QuerySet[PendingWork]:
        asked = self.request.query_params
        if "key" in asked:
            rows = rows.filter(key=typed_address(asked["key"]))
        if "host" in asked:
            rows = rows.filter(host=asked["host"])
        if "state" not in asked:
            return rows
        if asked["state"] not in STATES:
            refuse("state", _("One of: %(names)s."), "state_unknown", names=", ".join(STATES))
        return rows.filter(STATES[asked["state"]])


class JobRetry(JobResource):
    http_method_names = ["post", "options"]

    def verb_of(self, method: str) -> str:
        return WRITE

    @extend_schema(request=None, responses={200: JobFields, 202: JobFields})
    def post(self, request: Request, key: int) -> Response:
        """Try it now. What is done stays done."""
        self.checked(Fields)
        return self.write(self._retry)

    def _retry(self) -> Response:
        job = self.find(lock=True)
        if job is None:
            raise Http404
        retry(work=PendingWork.objects.filter(pk=job.pk), actor=self.actor)
        job.refresh_from_db()
        self.dress([job])
        response = Response(self.describe(job))
        response.live_keys = [job.key]  # type: ignore[attr-defined]  # for `Prefer: wait`
        return response


PATHS = [
    *resource_paths("jobs", JobResource, "int"),
    path("jobs/<int:key>/retry/", JobRetry.as_view(), name="job_retry"),
]
