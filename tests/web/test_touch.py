"""What brought a visitor, as the first request says it and the form carries it."""

import pytest

from campaigns.web.touch import arrive, carry

OURS = "class.example.org"


def test_first_request_says_words_host_and_page():
    query = {"utm_source": "flyer", "utm_medium": " print ", "utm_campaign": "spring", "other": "x"}
    assert arrive(query, "https://News.example:8443/a/path?q=private", "/w/runners", OURS) == {
        "utm_source": "flyer",
        "utm_medium": "print",
        "utm_campaign": "spring",
        "referrer": "news.example:8443",
        "landed": "/w/runners",
    }


@pytest.mark.parametrize(
    "referrer",
    ["", "https://class.example.org/w/x", "https://Class.example.org/", "android-app://x", "http://[", "nonsense",
     "https://<script>/", f"https://{'a' * 101}.example/"],
)  # fmt: skip
def test_our_own_pages_and_what_is_no_site_bring_nobody(referrer):
    assert arrive({}, referrer, "/w/runners", OURS) == {"landed": "/w/runners"}


def test_name_and_password_in_a_referrer_are_not_kept():
    assert arrive({}, "https://sam:secret@news.example/", "/w/runners", OURS)["referrer"] == "news.example"


def test_what_a_form_carries_is_read_as_carefully():
    assert carry({"utm_source": "x" * 200}) == {"utm_source": "x" * 100}
    for value in ("a\nb", "a\0b", "a\u202eb", "a\ufffd", " ", ""):
        assert carry({"utm_term": value}) == {}
    assert carry({"landed": "/staff", "referrer": "a b"}) == {}
    assert carry({"landed": "/w/runners/embed"}) == {"landed": "/w/runners/embed"}
