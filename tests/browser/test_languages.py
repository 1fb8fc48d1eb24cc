"""The public pages in Spanish, in Chromium: found by link or by the browser's wish, whole, and without a barrier."""

import pytest
from playwright.sync_api import expect

from campaigns.domain.steps import Channel, Purpose

pytestmark = pytest.mark.browser


def test_a_visitor_finds_spanish_by_a_link_and_signs_up_in_it(house, reader, check):
    page = reader.page(zone="America/Los_Angeles", locale="en-US")
    page.goto(f"/w/{house.slug}")
    page.get_by_role("link", name="Español").click()
    expect(page.locator("html")).to_have_attribute("lang", "es")
    check(page, "landing")
    page.get_by_label("Correo electrónico", exact=True).fill("ana@")
    page.get_by_role("button", name="Reservar mi lugar").click()
    assert page.evaluate("document.activeElement.id") == "summary"
    expect(page.get_by_role("heading", name="Dos cosas por corregir")).to_be_visible()
    check(page, "faults")
    page.get_by_label("Nombre").fill("Ana")
    page.get_by_label("Correo electrónico", exact=True).fill("ana@example.com")
    page.get_by_role("textbox", name="Número de celular").fill("(207) 555-0142")
    page.get_by_label("Envíeme recordatorios").check()
    page.get_by_role("button", name="Reservar mi lugar").click()
    assert "lang=es" in page.url
    expect(page.locator("h1")).to_have_text("Ya tiene su lugar.")
    check(page, "thanks")


def test_the_script_says_times_as_the_server_does(house, reader):
    read = "[...document.querySelectorAll('[data-at], [data-zone-title]')].map((one) => one.textContent.trim())"
    for zone in ("America/Los_Angeles", "America/New_York", "America/Puerto_Rico", "Asia/Tokyo"):
        for locale in ("es-US", "en-US"):
            guessed = reader.page(zone=zone, locale=locale)
            guessed.goto(f"/w/{house.slug}")
            told = reader.page(zone=zone, locale=locale, script=False)
            told.goto(f"/w/{house.slug}?zone={zone}")
            assert guessed.evaluate(read) == told.evaluate(read), (zone, locale)


def test_one_s_own_pages_speak_spanish_whatever_the_browser_wishes(house, reader, check):
    mine = house.place(language="es", phone=house.phone)
    links = house.runtime.links
    page = reader.page(locale="en-US")
    page.goto(house.path(links.manage(mine)))
    expect(page.locator("html")).to_have_attribute("lang", "es")
    check(page, "own")
    for name in ("details", "cancel", "erase"):
        page.goto(f"{house.path(links.manage(mine))}/{name}")
        check(page, name)
    for name, link in (
        ("join", links.join(mine)),
        ("watch", links.watch(mine)),
        ("stop", links.stop(mine, Channel.EMAIL, Purpose.SERVICE)),
    ):
        page.goto(house.path(link))
        check(page, name)
    page.goto(house.path(links.manage(mine)))
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


@pytest.mark.parametrize("name", ["privacy", "text-terms", "accessibility", "find"])
def test_pages_of_plain_words_in_spanish(reader, check, name):
    page = reader.page(locale="es-MX")
    page.goto(f"/{name}")
    expect(page.locator("html")).to_have_attribute("lang", "es")
    check(page)
