from django.urls import path

import mailadmin.pages.converters  # noqa: F401 registers <address:...>

from .views import acts, lists, templates

app_name = "people"
urlpatterns = [
    path("onboardings/", lists.OnboardingList.as_view(), name="onboarding_list"),
    path("onboardings/add/", acts.OnboardingAdd.as_view(), name="onboarding_add"),
    path("onboardings/add/preview/", acts.OnboardingPreview.as_view(), name="onboarding_preview"),
    path("offboardings/", lists.OffboardingList.as_view(), name="offboarding_list"),
    path("offboardings/<int:pk>/", lists.OffboardingDetail.as_view(), name="offboarding"),
    path("offboardings/<int:pk>/undo/", acts.OffboardingUndo.as_view(), name="offboarding_undo"),
    path("mailboxes/<address:address>/offboard/", acts.Offboard.as_view(), name="offboard"),
    path("templates/", lists.TemplateList.as_view(), name="template_list"),
    path("templates/add/", templates.TemplateAdd.as_view(), name="template_add"),
    path("templates/add/preview/", templates.TemplateAddPreview.as_view(), name="template_add_preview"),
    path("templates/<int:pk>/", templates.TemplateEdit.as_view(), name="template"),
    path("templates/<int:pk>/preview/", templates.TemplateEditPreview.as_view(), name="template_preview"),
    path("templates/<int:pk>/delete/", templates.TemplateDelete.as_view(), name="template_delete"),
    path("reserved/", lists.ReservedList.as_view(), name="reserved_list"),
    path("reserved/<address:address>/release/", acts.ReservedRelease.as_view(), name="reserved_release"),
]
