"""How emails look: on narrow and wide screens, in the dark, without pictures, without style sheets, to a screen reader.

`PICTURES=folder` keeps a picture of each in every view.
"""

import os
from dataclasses import replace
from functools import cache

import pytest

from campaigns.domain.look import palette_of
from campaigns.lint.rendered import mails
from campaigns.rendering.email import render_email
from campaigns.rendering.environment import Look, compile_source, load_sources
from tests.rendering.samples import EMAILS, LIBRARY, LINKS, MESSAGES, SENDER, body, letter_for, parse

pytestmark = pytest.mark.browser
_PICTURES = os.environ.get("PICTURES")
WIDTHS = (320, 375, 600, 620, 621, 900)
"""Of the smallest phone, a usual one, on both sides of where the column gets its edges, and a desk."""
LOGO = "https://clinic.example/brand/logo.png"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)
OF_PAGES = ("landmark-one-main", "region")
"""Rules for a whole page: an email is an article in the page of a program, which has the landmarks."""
LEAST = 4.5
"""WCAG 2.2, AA."""


@pytest.mark.parametrize("name", EMAILS)
def test_nothing_sticks_out_or_is_cut_off_at_any_width(glass, name):
    for place, html in enumerate(pages(name)):
        # Situations differ in words, not in how they are laid out: the narrowest screen is the hardest for each.
        for width in WIDTHS[:1] if place else WIDTHS:
            glass.show(html, width=width)
            if not place and width == WIDTHS[0]:
                glass.keep(name, "narrow")
            assert glass.misfits() == [], width


@pytest.mark.parametrize("name", EMAILS)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_all_words_can_be_read_by_day_and_by_night(glass, name, dark):
    for place, html in enumerate(pages(name)):
        for width in (390, 900) if _PICTURES else (900,):
            glass.show(html, width=width, dark=dark)
            glass.keep(f"{name}-{place}", f"{'phone' if width < 600 else 'desktop'}{'-dark' if dark else ''}")
        words = glass.contrasts()
        assert len(words) > 10
        assert [one for one in words if one["contrast"] < LEAST] == []
        # Else the test would find nothing wrong with a mail that has no dark side at all.
        assert {one["ground"] < 0.1 for one in words if "button" not in one["within"]} == {dark}


@pytest.mark.parametrize("name", EMAILS)
def test_axe_finds_nothing(glass, faultless, name):
    for dark in (False, True):
        glass.show(pages(name)[0], dark=dark)
        faultless(glass.page, f"{name} {'dark' if dark else 'light'}", but=OF_PAGES)


@pytest.mark.parametrize("name", ["confirmation", "moved.es", "is-it-your-si-joint", "answer"])
def test_without_style_sheets_it_fits_and_can_be_read(glass, name):
    for html in pages(name):
        for width in WIDTHS:
            glass.show(html, width=width)
            before = glass.words()
            glass.page.evaluate("for (const one of [...document.querySelectorAll('style')]) one.remove()")
            assert glass.misfits() == [] and glass.words() == before
            assert [one for one in glass.contrasts() if one["contrast"] < LEAST] == []


def test_without_pictures_all_words_are_there_and_stand_where_they_stood(glass):
    html = with_logo()
    assert html.count("<img") == 1
    glass.show(html, width=375)
    assert glass.pictures() == [{"alt": "", "shown": True}]
    words, heading = glass.words(), glass.page.locator("h1").bounding_box()
    assert words.startswith("Harbour Clinic")
    glass.keep("logo", "phone")
    # Under another address, because the browser remembers a picture that it has seen.
    glass.show(html.replace(LOGO, f"{LOGO}?none"), width=375, pictures=False)
    assert glass.pictures() == [{"alt": "", "shown": False}]
    assert glass.words() == words and glass.misfits() == []
    moved = glass.page.locator("h1").bounding_box()
    assert (moved["x"], moved["width"]) == (heading["x"], heading["width"]) and abs(moved["y"] - heading["y"]) <= 16
    glass.keep("logo", "phone-without-pictures")


def test_a_demonstration_is_the_first_thing_that_anybody_sees(glass, faultless):
    for name in ("confirmation", "confirmation.es"):
        html = page(LIBRARY[name], demonstration=True)
        for dark, width in ((False, 320), (True, 375), (False, 900)):
            glass.show(html, width=width, dark=dark)
            assert glass.words().startswith(
                {"confirmation": "Demonstration only.", "confirmation.es": "Solo es una dem"}[name]
            )
            assert glass.misfits() == [] and [one for one in glass.contrasts() if one["contrast"] < LEAST] == []
            faultless(glass.page, "demonstration", but=OF_PAGES)
            glass.keep(f"{name}-demonstration", f"{width}-{'dark' if dark else 'light'}")


def test_the_clinic_s_own_colours_can_be_read_as_well(glass):
    look = Look(palette_of("#1d3f8f", "#8f1d5c"))
    html = page(compile_source(load_sources(MESSAGES)["confirmation"], look))
    for dark in (False, True):
        glass.show(html, dark=dark)
        assert [one for one in glass.contrasts() if one["contrast"] < LEAST] == []
        glass.keep("colours", "dark" if dark else "light")


def test_the_checks_see_what_is_wrong(glass):
    """Each of them, held against a fault of its own."""
    html = pages("confirmation")[0]
    glass.show(html.replace("padding:40px 40px 28px", "padding:40px 40px 28px;white-space:nowrap"), width=320)
    assert glass.misfits()
    glass.show(html.replace("padding:15px 30px;font", "width:60px;overflow:hidden;white-space:nowrap;font"))
    assert glass.misfits()
    glass.show(html.replace("{color:#E8EEEC !important}", "{}"), dark=True)
    assert min(one["contrast"] for one in glass.contrasts()) < LEAST


@cache
def pages(name):
    """Give the HTML of a message in every situation that its words tell apart."""
    return tuple(mail.html for mail in mails(LIBRARY[name]))


def page(compiled, **facts):
    letter = letter_for("confirmation", **facts)
    return body(parse(render_email(compiled, replace(letter, template=compiled.name), SENDER, LINKS).raw), "html")


def with_logo():
    return page(compile_source(load_sources(MESSAGES)["confirmation"], Look(logo_url=LOGO)))


class Glass:
    """One page of the browser, through which emails are looked at."""

    def __init__(self, page):
        self.page = page
        self.pictured = True
        page.route("**/*", self._picture)

    def _picture(self, route):
        if self.pictured:
            route.fulfill(body=PNG, content_type="image/png")
        else:
            route.abort()

    def show(self, html, *, width=900, dark=False, pictures=True):
        self.pictured = pictures
        self.page.set_viewport_size({"width": width, "height": 800})
        self.page.emulate_media(color_scheme="dark" if dark else "light")
        self.page.set_content(html, wait_until="load")

    def misfits(self):
        return self.page.evaluate(f"{_TEXTS}; {_MISFITS}")

    def contrasts(self):
        return self.page.evaluate(f"{_TEXTS}; {_CONTRASTS}")

    def pictures(self):
        return self.page.evaluate(
            "[...document.images].map(one => ({alt: one.getAttribute('alt'), shown: one.naturalWidth > 0}))"
        )

    def words(self):
        return " ".join(self.page.locator("body").inner_text().split())

    def keep(self, name, view):
        if _PICTURES:
            self.page.screenshot(path=f"{_PICTURES}/email-{name}-{view}.png", full_page=True)


@pytest.fixture(scope="module")
def glass(chromium):
    context = chromium.new_context()
    yield Glass(context.new_page())
    context.close()


_TEXTS = """texts = () => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const range = document.createRange();
    range.selectNodeContents(node);
    const boxes = [...range.getClientRects()].filter((box) => box.width > 1 && box.height > 1);
    const seen = node.parentElement.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    if (node.textContent.trim() && seen && boxes.length) found.push({ node, boxes });
  }
  return found;
}"""
_MISFITS = """(() => {
  const wide = document.documentElement.clientWidth, faults = [];
  if (document.documentElement.scrollWidth > wide) faults.push(`scrolls to ${document.documentElement.scrollWidth}`);
  for (const { node, boxes } of texts()) {
    const said = node.textContent.trim().slice(0, 40);
    for (const box of boxes) if (box.left < 0 || box.right > wide + 0.5) faults.push(`sticks out: ${said}`);
    for (let one = node.parentElement; one; one = one.parentElement) {
      const cuts = getComputedStyle(one).overflowX !== "visible" || getComputedStyle(one).overflowY !== "visible";
      if (cuts && one !== document.body && (one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight))
        faults.push(`cut off: ${said}`);
      const edge = one.getBoundingClientRect();
      if (one.tagName === "TD" && boxes.some((box) => box.left < edge.left - 0.5 || box.right > edge.right + 0.5))
        faults.push(`wider than its cell: ${said}`);
    }
  }
  return faults;
})()"""
_CONTRASTS = """(() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const linear = (part) => (part /= 255, part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  const light = ([red, green, blue]) => 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  const ground = (one) => {
    for (; one; one = one.parentElement) {
      const colour = parts(getComputedStyle(one).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return light(colour);
    }
    return 1;
  };
  return texts().map(({ node }) => {
    const one = node.parentElement, ink = light(parts(getComputedStyle(one).color)), paper = ground(one);
    const [more, less] = ink > paper ? [ink, paper] : [paper, ink];
    const within = one.className === "act-a" ? "button" : one.tagName;
    return { words: node.textContent.trim().slice(0, 40), contrast: (more + 0.05) / (less + 0.05), ground: paper, within };
  });
})()"""
