"""axe-core in the browser: what it finds against WCAG 2.2 AA and against its own best practices."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from selenium.webdriver import Chrome

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]
RUN = """
const done = arguments[arguments.length - 1];
const text = (node) => `${node.html.slice(0, 300)} ${node.failureSummary.replace(/\\s+/g, " ").slice(0, 400)}`;
axe.run(document, {runOnly: arguments[0], resultTypes: ["violations"]}).then(
  ({violations}) => done(violations.flatMap((each) => each.nodes.map((node) => `${each.id}: ${text(node)}`))),
  (error) => done([`axe: ${error}`]));
"""
# As people have them: a desk and a phone, by day and by night. Of two looks that differ in their colours alone, the
# second is asked for its colours alone.
LOOKS = [(1280, "light", TAGS), (1280, "dark", COLOURS), (390, "dark", TAGS), (390, "light", COLOURS)]


@cache
def source() -> str:
    """Of the package axe-playwright-python, which ships it, only this file is used."""
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def set_look(browser: Chrome, width: int, scheme: str, *, height: int = 844) -> None:
    """The page that is shown changes at once, without being loaded again."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [
        {"name": "prefers-color-scheme", "value": scheme},
        {"name": "prefers-reduced-motion", "value": "reduce"},
    ]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def clear_look(browser: Chrome) -> None:
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def violations(browser: Chrome, wanted: list[str] = TAGS) -> list[str]:
    """Of the page as it is shown now: the rule and the element. `wanted`: tags, or the names of rules."""
    # From the top: in the middle of a page something always lies half below the bar.
    browser.execute_script(f"scrollTo(0, 0); if (!window.axe) {{ {source()} }}")
    run_only = {"type": "rule" if wanted is COLOURS else "tag", "values": wanted}
    found: list[str] = browser.execute_async_script(RUN, run_only)
    return found


def violations_in_every_look(browser: Chrome) -> dict[str, list[str]]:
    """Each of them, and where it is seen."""
    found: dict[str, list[str]] = {}
    for width, scheme, wanted in LOOKS:
        set_look(browser, width, scheme)
        for text in violations(browser, wanted):
            found.setdefault(text, []).append(f"{width} px {scheme}")
    return found
