from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailadmin.pages.acts import ConfirmView, ServiceFormView
from mailadmin.pages.fields import own_domains
from mailadmin.pages.forms import ServiceForm
from mailadmin.pages.trail import Crumb
from people.forms import TemplateForm
from people.models import Template
from people.rules import can_change_template
from people.services.onboarding import preview_onboarding
from people.services.templates import create_template, delete_template, edit_template

from .lists import crumbs


class TemplateAdd(ServiceFormView):
    form_class = TemplateForm
    template_name = "people/template.html"
    title = gettext_lazy("Add a template")
    page_name = "template_add"

    def may(self) -> bool:
        return self.actor.is_superadmin or own_domains(self.actor).exists()

    def url(self, name: str) -> str:
        return reverse(f"people:{name}", kwargs=self.kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        urls = {"form_url": self.url(self.page_name), "preview_url": self.url(f"{self.page_name}_preview")}
        return super().get_context_data(**{**urls, **kwargs})

    def save(self, form: ServiceForm) -> Template:
        return create_template(**form.changes, actor=self.actor)

    def done(self, result: Template) -> str:
        return _("The template %(name)s is saved.") % {"name": result}

    def back_url(self) -> str:
        return reverse("people:template_list")

    def breadcrumbs(self) -> list[Crumb]:
        return crumbs(Crumb(_("Templates"), self.back_url()), Crumb(str(self.object or self.title)))


class TemplateEdit(TemplateAdd):
    title = gettext_lazy("Change the template")
    page_name = "template"

    def get_object(self) -> Template:
        return get_object_or_404(Template.objects.visible_to(self.actor), pk=self.kwargs["pk"])

    def may(self) -> bool:
        return can_change_template(self.actor, self.object.domain_id)

    def save(self, form: ServiceForm) -> Template:
        return edit_template(
            template=self.object,
            changes=form.changes,
            expected_revision=form.expected_revision,
            actor=self.actor,
        )


class TemplatePreview(TemplateAdd):
    """What the example would get by what stands in the form. Nothing is saved."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.prepare()
        return HttpResponseRedirect(self.url(self.page_name))

    def form_valid(self, form: Any) -> HttpResponse:
        changes = form.changes
        domain = changes["domain"] or own_domains(self.actor).first()
        if domain is None:
            raise PermissionDenied
        template = Template(**changes)
        try:
            plan = preview_onboarding(domain=domain, person=form.example, template=template, actor=self.actor)
        except ValidationError as error:
            return self.refused(form, error)
        return self.render_to_response(self.get_context_data(form=form, plan=plan))


class TemplateAddPreview(TemplatePreview):
    pass


class TemplateEditPreview(TemplatePreview, TemplateEdit):
    pass


class TemplateDelete(ConfirmView):
    button = gettext_lazy("Delete the template")
    danger = True

    def get_object(self) -> Template:
        return get_object_or_404(Template.objects.visible_to(self.actor), pk=self.kwargs["pk"])

    def may(self) -> bool:
        return can_change_template(self.actor, self.object.domain_id)

    @property
    def title(self) -> str:
        return _("Delete the template %(name)s?") % {"name": self.object}

    def consequences(self) -> list[str]:
        return [_("Who came by it stays as they are. Who comes next is filled in by another one, or by none.")]

    def act(self) -> None:
        delete_template(template=self.object, actor=self.actor)

    def done(self) -> str:
        return _("The template %(name)s is deleted.") % {"name": self.object}

    def back_url(self) -> str:
        return reverse("people:template_list")

    def breadcrumbs(self) -> list[Crumb]:
        return crumbs(Crumb(_("Templates"), self.back_url()), Crumb(str(self.object)))
