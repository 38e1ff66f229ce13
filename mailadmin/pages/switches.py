"""The questions before something is switched on or off: what they share in every room."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .acts import ConfirmView


class SwitchOn(ConfirmView):
    button = gettext_lazy("Switch on")

    @property
    def title(self) -> Any:
        return _("Switch %(name)s on?") % {"name": self.object}

    def live_keys(self) -> list[str]:
        return [self.object.pk]


class SwitchOff(SwitchOn):
    button = gettext_lazy("Switch off")
    danger = True

    @property
    def title(self) -> Any:
        return _("Switch %(name)s off?") % {"name": self.object}
