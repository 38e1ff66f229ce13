"""What an administrator does in the browser, in an administrator's words."""

from __future__ import annotations

import time

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

WAIT_SECONDS = 15
IS_NEXT_PAGE = "return !window.isBefore && document.readyState === 'complete'"


class Administrator:
    def __init__(self, browser: Chrome, url: str) -> None:
        self.browser = browser
        self.url = url
        self.saved_at = 0.0  # when the button was last pressed, by time.monotonic()

    def sign_in(self, address: str, password: str) -> None:
        self._open("/sign-in/")
        self._submit(identifier=address, password=password)

    def create_domain(self, name: str) -> None:
        self._open("/domains/add/")
        self._submit(name=name)

    def create_mailbox(self, address: str, password: str) -> None:
        local_part, _at, domain = address.partition("@")
        self._open("/mailboxes/add/")
        self._submit(local_part=local_part, domain=domain, password=password, again=password)

    def create_alias(self, address: str, *targets: str) -> None:
        local_part, _at, domain = address.partition("@")
        self._open("/aliases/add/")
        self._submit(local_part=local_part, domain=domain, targets="\n".join(targets))

    def create_catch_all(self, domain: str, target: str) -> None:
        self._open("/aliases/add/")
        self._submit(domain=domain, catch_all=True, targets=target)

    def switch_mailbox_off(self, address: str) -> None:
        self._confirm(f"/mailboxes/{address}/off/")

    def switch_mailbox_on(self, address: str) -> None:
        self._confirm(f"/mailboxes/{address}/on/")

    def rename_mailbox(self, address: str, new_address: str) -> None:
        self._open(f"/mailboxes/{address}/rename/")
        self._submit(address=new_address, keep_alias=False)

    def delete_mailbox(self, address: str) -> None:
        self._confirm(f"/mailboxes/{address}/delete/")

    def switch_domain_off(self, name: str) -> None:
        self._confirm(f"/domains/{name}/off/")

    def switch_domain_on(self, name: str) -> None:
        self._confirm(f"/domains/{name}/on/")

    def _open(self, path: str) -> None:
        self.browser.get(self.url + path)

    def _confirm(self, path: str) -> None:
        self._open(path)
        self._submit()

    def _submit(self, **fields: str | bool) -> None:
        """Fill in the page's form, press its button, and fail with what the page says if it was refused."""
        for name, value in fields.items():
            self._fill(name, value)
        address = self.browser.current_url
        self.browser.execute_script("window.isBefore = true")
        self.saved_at = time.monotonic()
        self.browser.find_element(By.CSS_SELECTOR, "main form .btn-primary, main form .btn-danger").click()
        WebDriverWait(self.browser, WAIT_SECONDS).until(lambda browser: browser.execute_script(IS_NEXT_PAGE))
        assert self.browser.current_url != address, self.browser.find_element(By.TAG_NAME, "main").text

    def _fill(self, name: str, value: str | bool) -> None:
        element = self.browser.find_element(By.CSS_SELECTOR, f"main form [name={name}]")
        if element.tag_name == "select":
            Select(element).select_by_value(str(value))
        elif isinstance(value, bool):
            if element.is_selected() != value:
                element.click()
        else:
            element.clear()
            element.send_keys(value)
