"""The pages that change something: a form, a question, and the same question about several rows.

Each is one URL, makes one service call, and goes back with a message. The service decides; these pages only ask and
show.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, SuspiciousOperation, ValidationError
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views import View
from django.views.generic import FormView

from aliases.models import Alias
from aliases.services import references_to
from mailadmin.accounts.access import AdministratorRequired
from mailadmin.accounts.actors import Actor
from mailadmin.transactions import atomic

from .forms import ServiceForm, codes
from .live import live_word
from .trail import Crumb, way_back

BULK_AT_MOST = 200
REFERENCES_SHOWN = 10


class Act(AdministratorRequired, ABC):
    """What all of them share: the object, seen or 404, and whether this actor may do this to it, or 403."""

    title: Any = ""
    lead: Any = ""

    def get_object(self) -> Any:
        return None

    def may(self) -> bool:
        """The service asks again; here it keeps a form from being shown that can only be refused."""
        return True

    @cached_property
    def object(self) -> Any:
        return self.get_object()

    def prepare(self) -> None:
        _found = self.object
        if not self.may():
            raise PermissionDenied

    def breadcrumbs(self) -> list[Crumb]:
        return []

    @abstractmethod
    def back_url(self) -> str:
        """Where the page leads when it is left."""

    def page(self, **more: Any) -> dict[str, Any]:
        return {
            "view": self,
            "object": self.object,
            "title": self.title,
            "lead": self.lead,
            "breadcrumbs": self.breadcrumbs(),
            "back_url": way_back(self.request, self.back_url()),
            **more,
        }


class ServiceFormView(Act, FormView):
    """GET shows the form, POST calls the service. A refusal shows the form again, as it was typed."""

    http_method_names = ["get", "head", "post", "options"]
    template_name = "pages/form.html"
    form_class: type[ServiceForm]
    button: ClassVar[Any] = gettext_lazy("Save")

    @abstractmethod
    def save(self, form: ServiceForm) -> Any:
        """The service call."""

    @abstractmethod
    def done(self, result: Any) -> str:
        """What to tell when it is done."""

    def done_url(self, result: Any) -> str:
        return way_back(self.request, self.back_url())

    def live_keys(self, result: Any) -> list[str]:
        """The domains and addresses whose way to the mail host the message tells of."""
        return []

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.prepare()
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.prepare()
        return super().post(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "actor": self.actor, "instance": self.object}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{**self.page(button=self.button), **kwargs})

    def form_valid(self, form: ServiceForm) -> HttpResponse:
        try:
            result = self.save(form)
        except ValidationError as error:
            return self.refused(form, error)
        except PermissionDenied:
            if form.denied_field is None:
                raise
            form.deny()
            return self.form_invalid(form)
        except ObjectDoesNotExist:
            raise Http404 from None  # deleted by someone else meanwhile
        messages.success(self.request, told(self.done(result), self.live_keys(result)))
        return HttpResponseRedirect(self.done_url(result))

    def form_invalid(self, form: ServiceForm) -> HttpResponse:
        form.focus_first_error()
        return super().form_invalid(form)

    def refused(self, form: ServiceForm, error: ValidationError) -> HttpResponse:
        if "stale" in codes(error) and self.object is not None:
            del self.object
            self.prepare()
            self.show_present(form)
        form.refuse(error)
        return self.form_invalid(form)

    def show_present(self, form: ServiceForm) -> None:
        form.show_present(self.object)


class ConfirmView(Act, View):
    """GET says what will happen, POST does it."""

    http_method_names = ["get", "head", "post", "options"]
    template_name = "pages/confirm.html"
    button: Any = gettext_lazy("Continue")
    danger: bool = False

    @abstractmethod
    def act(self) -> Any:
        """The service call."""

    @abstractmethod
    def done(self) -> str:
        """What to tell when it is done."""

    def done_url(self) -> str:
        return way_back(self.request, self.back_url())

    def live_keys(self) -> list[str]:
        return []

    def consequences(self) -> list[Any]:
        """What will happen, one sentence each."""
        return []

    def gone_addresses(self) -> list[str]:
        """The addresses that will be no more: what points at them is named first."""
        return []

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.prepare()
        return self.ask()

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.prepare()
        try:
            self.act()
        except ValidationError as error:
            return self.ask(errors=error.messages)
        except ObjectDoesNotExist:
            raise Http404 from None  # deleted by someone else meanwhile
        messages.success(request, told(self.done(), self.live_keys()))
        return HttpResponseRedirect(self.done_url())

    def ask(self, errors: Sequence[str] = ()) -> HttpResponse:
        context = self.page(
            button=self.button,
            danger=self.danger,
            consequences=self.consequences(),
            errors=errors,
            **references(self.gone_addresses(), self.actor),
        )
        return render(self.request, self.template_name, context)


class BulkView(AdministratorRequired, View, ABC):
    """The chosen rows of a list: the first POST asks, the second (`confirmed`) does it, to all or to none."""

    http_method_names = ["post", "options"]
    template_name = "pages/bulk.html"
    model: type[models.Model]
    button: Any = gettext_lazy("Continue")
    danger: bool = False

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not self.keys:
            messages.warning(request, _("Choose at least one row first."))
            return HttpResponseRedirect(way_back(request, self.back_url()))
        if len(self.keys) > BULK_AT_MOST:
            raise SuspiciousOperation
        if "confirmed" not in request.POST:
            return self.ask()
        return self.act_on_all()

    # -- What the rooms say
    @abstractmethod
    def act(self, row: Any) -> None:
        """The service call for one row."""

    @abstractmethod
    def question(self, count: int) -> str:
        """The page's title: what is asked of so many rows."""

    @abstractmethod
    def done(self, count: int) -> str:
        """What to tell when it is done."""

    def consequences(self) -> list[Any]:
        return []

    def gone_addresses(self) -> list[str]:
        return []

    @abstractmethod
    def back_url(self) -> str:
        """Where the page leads when it is left."""

    def breadcrumbs(self) -> list[Crumb]:
        return []

    # -- The act
    @cached_property
    def keys(self) -> list[str]:
        return list(dict.fromkeys(self.request.POST.getlist("key")))

    @cached_property
    def rows(self) -> list[Any]:
        """All the chosen rows. One that is unseen is a 404, as on its own page."""
        visible = self.model._default_manager.visible_to(self.actor)  # type: ignore[attr-defined]
        found = {str(row.pk): row for row in visible.filter(pk__in=self.keys)}
        if len(found) < len(self.keys):
            raise Http404
        return [found[key] for key in self.keys]

    def act_on_all(self) -> HttpResponseBase:
        errors = self._try()
        if errors:
            return self.ask(errors)
        messages.success(self.request, told(self.done(len(self.rows)), self.keys))
        return HttpResponseRedirect(way_back(self.request, self.back_url()))

    def _try(self) -> dict[str, list[str]]:
        try:
            return self._try_all()
        except ValidationError as error:  # about none of them: the database is busy
            return dict.fromkeys(self.keys, error.messages)

    @atomic
    def _try_all(self) -> dict[str, list[str]]:
        """All or nothing; each row is tried, so that all that is wrong is told at once."""
        errors: dict[str, list[str]] = {}
        for row in self.rows:
            key = str(row.pk)
            try:
                with transaction.atomic():
                    self.act(row)
            except ValidationError as error:
                errors[key] = error.messages
            except PermissionDenied:
                errors[key] = [_("You may not change this one.")]
            except ObjectDoesNotExist:
                continue  # it went along with another one: an alias with its last target
        if errors:
            transaction.set_rollback(True)
        return errors

    def ask(self, errors: dict[str, list[str]] | None = None) -> HttpResponse:
        rows = self.rows
        if errors:
            del self.rows  # as they are in the database, not as the services left them in memory
            rows = self.rows
        context = {
            "view": self,
            "title": self.question(len(rows)),
            "breadcrumbs": self.breadcrumbs(),
            "items": [(str(row.pk), row, (errors or {}).get(str(row.pk), [])) for row in rows],
            "failed": errors,
            "consequences": self.consequences(),
            "button": self.button,
            "danger": self.danger,
            "back_url": way_back(self.request, self.back_url()),
            **references(self.gone_addresses(), self.actor),
        }
        return render(self.request, self.template_name, context)


def references(addresses: list[str], actor: Actor) -> dict[str, Any]:
    """The aliases that point at addresses which will be no more, but for those that go along with them."""
    going = set(addresses)
    found: list[Alias] = [alias for alias in references_to(addresses) if alias.address not in going] if going else []
    return {
        **shown(found, actor),
        "references_text": ngettext(
            "%(count)d alias or forwarding points at it. It loses this target; with no target left it is deleted.",
            "%(count)d aliases or forwardings point at it. They lose this target; those with no target left are "
            "deleted.",
            len(found),
        )
        % {"count": len(found)},
    }


def shown(found: list[Alias], actor: Actor) -> dict[str, Any]:
    """The first of these aliases by name. Those in other people's domains only count."""
    own = None if actor.is_superadmin else set(actor.domain_names())
    named = [alias for alias in found if own is None or alias.domain_id in own][:REFERENCES_SHOWN]
    return {"references": named, "references_left_out": len(found) - len(named)}


def told(text: str, keys: list[str]) -> str:
    """The message of an act, and whether the mail host has it already."""
    return f"{text} {live_word(keys)}" if keys else text
