"""A person at the browser: opens pages, fills in forms by their labels' fields, presses buttons, reads messages."""

from __future__ import annotations

from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

from tests.servers.project import PASSWORD, SUPERADMIN


def is_gone(page: WebElement) -> bool:
    try:
        page.is_enabled()
    except WebDriverException:
        return True
    return False


class Person:
    def __init__(self, browser: Chrome, url: str) -> None:
        self.browser = browser
        self.url = url

    def sign_in(self, address: str = SUPERADMIN, password: str = PASSWORD) -> None:
        self.open("/sign-in/")
        self.fill(identifier=address, password=password)
        self.press("Sign in")

    def open(self, path: str) -> None:
        self.browser.get(self.url + path)

    @property
    def path(self) -> str:
        return self.browser.current_url.removeprefix(self.url)

    def fill(self, **fields: str | bool) -> None:
        for name, value in fields.items():
            field = self.browser.find_element(By.CSS_SELECTOR, f"main [name={name}]:not([type=hidden])")
            if isinstance(value, bool):
                if field.is_selected() != value:
                    field.click()
            elif field.tag_name == "select":
                Select(field).select_by_value(value)
            else:
                field.clear()
                field.send_keys(value)

    def press(self, label: str) -> None:
        """The button or link of this label, in the page's own part; returns on the page that it leads to."""
        self._follow(self.find(label))

    def press_icon(self, label: str) -> None:
        self._follow(self.browser.find_element(By.CSS_SELECTOR, f"button[aria-label='{label}']"))

    def _follow(self, element: WebElement) -> None:
        page = self.browser.find_element(By.TAG_NAME, "html")
        element.click()
        WebDriverWait(self.browser, 20, poll_frequency=0.05).until(lambda _browser: is_gone(page))

    def find(self, label: str) -> WebElement:
        paths = (
            f"//main//button[normalize-space()='{label}']",
            f"//main//input[@type='submit' and @value='{label}']",
            f"//main//a[normalize-space()='{label}']",
        )
        found = self.browser.find_elements(By.XPATH, " | ".join(paths))
        shown = [element for element in found if element.is_displayed()]
        assert shown, f"{label!r} is not on {self.path}: {self.text}"
        return shown[0]

    def choose(self, *keys: str) -> None:
        """Tick rows of a list."""
        for key in keys:
            self.browser.find_element(By.CSS_SELECTOR, f"input[name=key][value='{key}']").click()

    @property
    def theme(self) -> str:
        return self.browser.find_element(By.TAG_NAME, "html").get_attribute("data-bs-theme") or ""

    @property
    def text(self) -> str:
        return self.browser.find_element(By.TAG_NAME, "main").text

    @property
    def told(self) -> list[str]:
        return [element.text for element in self.browser.find_elements(By.CSS_SELECTOR, ".notes .note")]

    @property
    def rows(self) -> list[str]:
        # In one go: htmx may exchange the rows between two questions.
        return self.browser.execute_script(
            "return [...document.querySelectorAll('table.list .main > :first-child')].map((cell) => cell.innerText)"
        )

    def wait_until_rows(self, *rows: str) -> None:
        WebDriverWait(self.browser, 5, poll_frequency=0.05).until(lambda _browser: self.rows == list(rows))

    @property
    def complaints(self) -> list[str]:
        """What the browser logged since it was asked last: errors of scripts, and what the CSP forbade."""
        return [
            entry["message"] for entry in self.browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")
        ]
