"""What is seen of a page, in which colours and sizes; contrasts against published values."""

from __future__ import annotations

import pytest

from campaigns.lint.html import contrast, see


@pytest.mark.parametrize(
    ("ink", "ground", "expected"),
    [("#000000", "#FFFFFF", 21.0), ("#FFFFFF", "#FFFFFF", 1.0), ("#777777", "#FFFFFF", 4.48), ("#767676", "#ffffff", 4.54),
     ("#FFFFFF", "#0000FF", 8.59)],
)  # fmt: skip
def test_contrast_is_that_of_the_guidelines(ink, ground, expected):
    assert contrast(ink, ground) == pytest.approx(expected, abs=0.005)
    assert contrast(ground, ink) == contrast(ink, ground)


def test_colours_and_sizes_come_from_around_and_from_the_dark_sheet():
    page = see(
        "<style>@media (prefers-color-scheme:dark){.t{color:#EEEEEE!important}.c{background-color:#111111!important}}</style>"
        '<div class="c" style="background-color:#FAFAFA;font-size:17px"><p class="t" style="color:#222222">One'
        '<b style="font-size:13px">two</b></p></div>'
    )
    one, two = [run.look for run in page.visible]
    assert (one.ink, one.ground, one.dark_ink, one.dark_ground, one.size) == (
        "#222222", "#FAFAFA", "#EEEEEE", "#111111", 17.0,
    )  # fmt: skip
    assert (two.ink, two.size, two.sized) == ("#222222", 13.0, "font-size:13px")


def test_a_colour_without_a_dark_one_stays_in_the_dark():
    (run,) = see('<p bgcolor="#FFFFFF" style="color:#333333">One</p>').visible
    assert (run.look.dark_ink, run.look.dark_ground) == ("#333333", "#FFFFFF")


def test_what_is_hidden_is_the_preheader_and_is_not_seen():
    page = see('<title>T</title><div style="display:none">Soon<br>now</div><p>Seen</p><p style="opacity:0">Not</p>')
    assert page.hidden == "Soon now Not"
    assert [run.words for run in page.visible] == ["Seen"]
    assert page.title == "T"


def test_links_headings_pictures_and_tables_are_noted():
    page = see(
        '<html lang="es"><h1>A <b>b</b></h1><h3>c</h3><img src="x"><img src="y" alt=""><table></table>'
        '<table role="presentation"></table><a class="act-a" href="/one">Go <i>on</i></a><a href="/two"></a></p>'
    )
    assert page.lang == "es"
    assert [(one.level, one.words) for one in page.headings] == [(1, "A b"), (3, "c")]
    assert (page.unlabelled, page.roleless) == (["x"], 1)
    assert [(one.address, one.button, one.label) for one in page.links] == [
        ("/one", True, "Go on"),
        ("/two", False, ""),
    ]
