"""The one way in which files of many rows come in: sent, checked and rehearsed by a worker, and then done or not."""

from bulk.services.imports import announce, apply_import, cancel_import, forget_imports, start_import, sweep_imports
from bulk.services.turns import take_turn

__all__ = ["announce", "apply_import", "cancel_import", "forget_imports", "start_import", "sweep_imports", "take_turn"]
