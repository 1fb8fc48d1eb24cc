"""Rendering pages."""

import jinja2
import pytest

from campaigns.settings import read_settings
from campaigns.web.views import Pages, telephone


@pytest.fixture
def pages(tmp_path):
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "page.html").write_text("<p>{{ words }}</p>", encoding="utf-8")
    return Pages(read_settings(), tmp_path)


def test_everything_is_escaped(pages):
    assert pages.render("page.html", words="<b>") == "<p>&lt;b&gt;</p>"


def test_template_that_asks_for_what_it_is_not_given_raises(pages):
    with pytest.raises(jinja2.UndefinedError):
        pages.render("page.html")


def test_number_is_written_as_its_owner_does():
    assert telephone("+12075550142") == "(207) 555-0142"
    assert telephone("+442079460000") == "+442079460000"


def test_personal_pages_carry_their_headers_and_the_others_do_not(house):
    personal = house.client.get(f"/w/{house.slug}/thanks?session={house.session_id}").headers
    plain = house.client.get("/privacy").headers
    assert (personal["referrer-policy"], personal["cache-control"]) == ("no-referrer", "no-store")
    assert (plain["referrer-policy"], plain["cache-control"]) == ("same-origin", "no-cache")
