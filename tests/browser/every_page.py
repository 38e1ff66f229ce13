"""Each page of the permission table, opened by each person that it is for."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpResponseBase
from django.test import Client
from django.urls import reverse
from selenium.webdriver import Chrome
from selenium.webdriver.support.ui import WebDriverWait

from tests.test_permissions import DONE, PEOPLE, PUBLIC, STRANGERS, TABLE, Row

# An administrator of one domain has no page that the superadmin has not.
EVERYBODY = ["anonymous", "root", "charlie"]
Visit = Callable[..., None]  # `visit(client, path)` opens a page with the session of this client; also in a `language`


def visit_with(browser: Chrome, site: str) -> Visit:
    def visit(client: Client, path: str, *, language: str = "en") -> None:
        cookies = {settings.LANGUAGE_COOKIE_NAME: language}
        if session := client.cookies.get(settings.SESSION_COOKIE_NAME):
            cookies[session.key] = session.value
        browser.execute_cdp_cmd("Network.clearBrowserCookies", {})
        for name, value in cookies.items():
            browser.execute_cdp_cmd("Network.setCookie", {"name": name, "value": value, "url": site})
        browser.get(site + path)
        # What the page asks for by itself once it is shown.
        is_whole = "return !document.querySelector('[hx-trigger=load]')"
        WebDriverWait(browser, 20, poll_frequency=0.05).until(lambda _browser: browser.execute_script(is_whole))

    return visit


def urls_for(who: str, client: Client, things: dict[str, str]) -> dict[str, str]:
    """By URL name: what answers this person with a page. A redirect is no page; nor are exports and parts of pages."""
    rows = {name: row for name, row in TABLE.items() if "GET" in row.methods and _is_for(row, who)}
    urls = {name: reverse(name, args=[things.get(arg, arg) for arg in row.args]) for name, row in rows.items()}
    return {name: url for name, url in urls.items() if _is_page(client.get(url))}


def _is_for(row: Row, who: str) -> bool:
    """Whether this person may read it; strangers have the pages that everybody may see."""
    if row.who in (PUBLIC, STRANGERS):
        return who == "anonymous"
    return who != "anonymous" and row.who[PEOPLE.index(who) - 1] == DONE


def _is_page(response: HttpResponseBase) -> bool:
    is_html = response.status_code == 200 and response["Content-Type"].startswith("text/html")
    return is_html and b"<html" in getattr(response, "content", b"")
