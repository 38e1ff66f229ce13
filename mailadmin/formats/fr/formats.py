"""As French is written; Django's own has no word before the time."""

DATETIME_FORMAT = r"j F Y \à H:i"
SHORT_DATETIME_FORMAT = "d/m/Y H:i"
