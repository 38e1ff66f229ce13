"""Debian's Chromium without a screen, driven by its ChromeDriver, and silent on the network."""

from __future__ import annotations

from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

FLAGS = [
    "--headless",
    "--no-sandbox",  # the tests run as root
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-search-engine-choice-screen",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",  # passkeys belong to a name
    "--lang=en",
    "--force-prefers-reduced-motion",  # a click must not race with a smooth scroll
]


def start_chromium(directory: Path, *, width: int = 1280, height: int = 900) -> webdriver.Chrome:
    """`directory` takes its profile and log. End it with `.quit()`."""
    directory.mkdir(parents=True)
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in [*FLAGS, f"--user-data-dir={directory / 'profile'}", f"--window-size={width},{height}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = Service("/usr/bin/chromedriver", log_output=str(directory / "chromedriver.log"))
    return webdriver.Chrome(options=options, service=service)
