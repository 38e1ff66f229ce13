"""The site's own settings, with two pages more: see bench/urls.py."""

from mailadmin.settings import *  # noqa: F403
from mailadmin.settings import BASE_DIR, TEMPLATES

ROOT_URLCONF = "bench.urls"
TEMPLATES[0]["DIRS"].append(BASE_DIR / "bench" / "templates")
