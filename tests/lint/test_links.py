"""The pages that links may lead to are those that the web application has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from campaigns.lint.check import check
from campaigns.lint.links import ROUTES
from campaigns.runtime import build
from campaigns.settings import read_settings
from campaigns.web.app import create_app
from tests.lint.planting import READ, copied

NOT_FOR_READERS = ("/staff", "/outbox", "/hooks", "/static", "/healthz", "/brand")


def paths(routes) -> Iterator[str]:
    for route in routes:
        inner = getattr(route, "routes", None) or getattr(getattr(route, "original_router", None), "routes", None)
        if inner:
            yield from paths(inner)
        elif "GET" in (getattr(route, "methods", None) or ()):
            yield route.path


def test_the_routes_are_the_applications_own(database_url, tmp_path):
    settings = read_settings(database_url=database_url, secret="s" * 32, data_dir=tmp_path)
    with build(settings) as runtime:
        known = set(paths(create_app(runtime).routes))
    assert {path for path in known if not path.startswith(NOT_FOR_READERS)} == set(ROUTES)


@pytest.mark.parametrize("gone", ["/r/{token}", "/o/{token}"])
def test_a_page_that_is_gone_makes_every_link_to_it_a_dead_one(gone, tmp_path):
    folder = copied(tmp_path / "templates", READ)
    routes = [route for route in ROUTES if route != gone]
    assert "dead-link" not in {one.kind for one in check(folder).findings}
    assert "dead-link" in {one.kind for one in check(folder, routes).findings}


def test_a_text_is_looked_at_too(tmp_path):
    folder = copied(tmp_path / "templates", "moved-sms")
    found = [one for one in check(folder, ["/j/{token}"]).findings if one.kind == "dead-link"]
    assert [(one.file, one.line) for one in found] == [
        ("messages/moved-sms/sms.es.txt", 1),
        ("messages/moved-sms/sms.txt", 1),
    ]
