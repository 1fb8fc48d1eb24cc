"""Pages of plain words."""

import pytest


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("privacy", ["are not shared with anyone for", "delete", "no cookies", "(207) 555-0100"]),
        (
            "text-terms",
            [
                "up to 4 messages per event",
                "Message and data rates may apply",
                "<strong>STOP</strong>",
                "<strong>HELP</strong>",
                "not liable",
            ],
        ),
        ("accessibility", ["WCAG) 2.2, level AA", "without JavaScript"]),
        ("find", ["in every email from us"]),
    ],
)
def test_page_says_what_it_must(client, name, words):
    page = client.get(f"/{name}")
    assert page.status_code == 200
    for word in words:
        assert word in page.text


def test_every_page_links_to_all_three(client):
    page = client.get("/privacy").text
    assert all(f'href="/{name}"' in page for name in ("privacy", "text-terms", "accessibility"))
