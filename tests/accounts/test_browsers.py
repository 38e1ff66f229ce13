import pytest

from mailadmin.accounts.browsers import in_words, is_phone

MOZILLA = "Mozilla/5.0"
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0"


@pytest.mark.parametrize(
    ("user_agent", "words", "phone"),
    [
        (f"{MOZILLA} (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux", False),
        (f"{MOZILLA} (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36", "Chrome on Windows", False),
        (f"{MOZILLA} (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36 Edg/139.0.0.0", "Edge on Windows", False),
        (f"{MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) {CHROME} Safari/537.36 OPR/120.0", "Opera on macOS", False),
        (f"{MOZILLA} (Linux; Android 15; Pixel 9) {CHROME} Mobile Safari/537.36", "Chrome on Android", True),
        (f"{MOZILLA} (Linux; Android 14) {CHROME} SamsungBrowser/28.0 Mobile", "Samsung Internet on Android", True),
        (f"{MOZILLA} (iPhone; CPU iPhone OS 18_5 like Mac OS X) FxiOS/140.0 Safari", "Firefox on iPhone", True),
        (f"{MOZILLA} (iPad; CPU OS 18_5 like Mac OS X) CriOS/139.0 Safari/604.1", "Chrome on iPad", False),
        (f"{MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) Version/18.5 Safari/605.1.15", "Safari on macOS", False),
        (f"{MOZILLA} (X11; CrOS x86_64 14541.0.0) {CHROME} Safari/537.36", "Chrome on ChromeOS", False),
        ("curl/8.14.1", "curl", False),
        ("something on Linux", "Linux", False),
        ("", "Unknown browser", False),
        ("<script>alert(1)</script>", "Unknown browser", False),
    ],
)
def test_browser_in_words(user_agent, words, phone):
    assert (in_words(user_agent), is_phone(user_agent)) == (words, phone)
