"""Cells that a spreadsheet would take for formulas: defused by an apostrophe, which an import takes off again."""

from __future__ import annotations

# What spreadsheets take for the beginning of a formula, also behind blanks, and as East Asian full-width letters.
FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def defused(text: str) -> str:
    return f"'{text}" if _is_formula(text) else text


def undefused(text: str) -> str:
    """What `defused` was given."""
    return text[1:] if text.startswith("'") and _is_formula(text[1:]) else text


def _is_formula(text: str) -> bool:
    """Or one that was defused already: it gets a second apostrophe, so that taking one off leaves what was there."""
    return text.lstrip(" '").startswith(FORMULA_MARKS)
