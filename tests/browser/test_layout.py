"""What axe-core cannot see: pages as wide as a screen of 320 px (WCAG 1.4.10), wider letters (1.4.12), a focus that
shows (2.4.7) and that nothing hides (2.4.11), and titles that tell one page from the other (2.4.2)."""

from __future__ import annotations

from collections import Counter

import pytest
from django.test import Client
from selenium.webdriver import Chrome

from .axe import set_look
from .every_page import EVERYBODY, Visit, urls_for

pytestmark = pytest.mark.django_db(transaction=True)
TOO_WIDE = """
const room = document.documentElement.clientWidth;
if (document.documentElement.scrollWidth <= room) return [];
return [...document.querySelectorAll("body *")].filter((each) => each.getBoundingClientRect().right > room + 1)
  .map((each) => each.outerHTML.slice(0, 120)).slice(0, 5);
"""
# The spacing that WCAG 1.4.12 names; a style sheet made by a script is not one that the CSP forbids.
WIDEN = """
const sheet = new CSSStyleSheet();
sheet.replaceSync(`p { margin-bottom: 2em !important; }
  * { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }`);
document.adoptedStyleSheets = [sheet];
"""
CUT_OFF = """
return [...document.querySelectorAll("main *, nav *, header *")].filter((each) => {
  const style = getComputedStyle(each);
  const hides = (overflow) => ["hidden", "clip"].includes(overflow);
  return each.textContent.trim() && each.checkVisibility() && style.clipPath === "none" && style.clip === "auto"
    && style.textOverflow !== "ellipsis"
    && ((hides(style.overflowX) && each.scrollWidth > each.clientWidth + 1)
      || (hides(style.overflowY) && each.scrollHeight > each.clientHeight + 1));
}).map((each) => each.outerHTML.slice(0, 120));
"""
# Each thing that the keyboard reaches, focused as the Tab key does it: is a ring drawn, and does it show?
UNSEEN = """
const found = [];
const all = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
  .filter((each) => each.checkVisibility({visibilityProperty: true}) && !each.disabled && each.tabIndex >= 0);
for (const each of all) {
  each.focus({focusVisible: true});
  const style = getComputedStyle(each);
  const box = each.getBoundingClientRect();
  const tops = [0.1, 0.5, 0.9].flatMap((x) => [0.1, 0.5, 0.9].map((y) =>
    document.elementFromPoint(box.left + x * box.width, box.top + y * box.height)));
  const name = each.outerHTML.slice(0, 120);
  if (document.activeElement !== each) found.push(`not focused: ${name}`);
  else if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) found.push(`no ring: ${name}`);
  else if (!tops.some((top) => top && (each.contains(top) || top.contains(each)))) found.push(`hidden: ${name}`);
}
return found;
"""


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("who", EVERYBODY)
def test_every_page_fits_and_shows_what_is_focused(
    who: str, language: str, people: dict[str, Client], things: dict[str, str], browser: Chrome, visit: Visit
) -> None:
    wide, cut, unseen, titles = {}, {}, {}, {}
    for name, url in urls_for(who, people[who], things).items():
        visit(people[who], url, language=language)
        assert browser.find_element("tag name", "html").get_attribute("lang") == language
        titles[name] = browser.title
        for width, height in ((1280, 500), (390, 400)):
            set_look(browser, width, "light", height=height)
            unseen[f"{name} {width}"] = browser.execute_script(UNSEEN)
        set_look(browser, 320, "light")
        wide[name] = browser.execute_script(TOO_WIDE)
        browser.execute_script(WIDEN)
        cut[name] = browser.execute_script(CUT_OFF)
        wide[f"{name} with wider letters"] = browser.execute_script(TOO_WIDE)
    wrong = "\n".join(lines("unseen", unseen) + lines("wide", wide) + lines("cut off", cut))
    assert not wrong, wrong
    assert [title for title, times in Counter(titles.values()).items() if times > 1] == []


def lines(what: str, found: dict[str, list[str]]) -> list[str]:
    return [f"{what}: {name}: {text}" for name, texts in found.items() for text in texts]
