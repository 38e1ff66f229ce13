from django.urls import path

from mailadmin.api.resources import resource_paths

from .made import read_paths
from .offboardings import OffboardingResource, OffboardingUndo
from .onboardings import OnboardingResource
from .templates import TemplateResource

urlpatterns = [
    *read_paths("onboardings", OnboardingResource),
    *read_paths("offboardings", OffboardingResource),
    path("offboardings/<int:key>/undo/", OffboardingUndo.as_view(), name="offboarding_undo"),
    *resource_paths("templates", TemplateResource),
]
