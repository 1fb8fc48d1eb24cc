"""However an address is cut up, it is found; and words that follow one another make none."""

from __future__ import annotations

import pytest
from jinja2 import Environment

from campaigns.rendering.spelling import address_in
from tests.rendering.hostile import END, IF
from tests.rendering.samples import MESSAGES

ENVIRONMENT = Environment(autoescape=True)


def found(text, *, entities=False):
    return address_in(ENVIRONMENT.parse(text), entities=entities)


@pytest.mark.parametrize(
    "text",
    [
        "https://a",
        f"ht{IF}x{END}tps:",
        f"{IF}a{{% elif b %}}htt{{% else %}}b{END}{IF}c{END}ps:",
        f"{IF}{IF}w{END}w{END}{IF}w{END}.x",
        "w{{ code }}ww.x",
        "w{{ 'w' if asks else code }}w.x",
        "{{ box('htt') }}ps:",
        "htt{{ box('ps:') }}",
        "{{ 'htt'|unbroken }}ps:",
        "{{ not 'htt' and 'x' }}ps:",
        "ＷＷＷ．a",
        "h\u0301ttps:",
        "clinic.com",
        f"clinic.{IF} {END}com",
        "1.org",
        "clínica．es",
        "a@b.example",
        "{{ clinic }}.com",
        "{{ time }}com",
        "{{ time }}{% if a %}c{% endif %}{{ 'om' }}",
        "{{ 5 }}.com",
        f"{{{{ clinic }}}}{IF}.{END}com",
    ],
)
def test_an_address_is_found_however_it_is_cut_up(text):
    ENVIRONMENT.filters["unbroken"] = str
    assert found(text)


@pytest.mark.parametrize(
    "text",
    [
        "with{% if a %} the{% endif %} people: all of them",
        "at 6 p.m.{{ x }} or 6.30, e.g. today, i.e. U.S. time; M.D. and Ph.D.",
        "One sentence.{% if a %} Another.{% endif %} A third…and more",
        "w w w . x",
        "{{ box('htt') }} ps:",
        "htt{% if a %}x{% else %}y{% endif %}ps:",
        "{% if 'https:' == a %}b{% endif %}",
        "half 2.5 or .5 and 10.000",
        "{{ time }} com, {{ name_after }}. {{ clinic }}'s, {{ offer_until }}: {{ days }}s",
    ],
)
def test_words_are_no_address(text):
    assert found(text) is None


def test_entities_count_in_html_only():
    assert found("&#104;ttps&colon;//a", entities=True)
    assert found("&#104;ttps&colon;//a") is None


def test_the_line_is_the_one_on_which_it_is_complete():
    assert found("a\n\nb https://c d\ne") == (3, "https://c")
    assert found("a\nht{{ x }}\n\nb {{ y }} tps:") is None
    assert found("a\nht{{ x }}{% if y %}\ntps:{% endif %}") is None
    assert found("a\nht{{ x }}{{ y }}tps: b") == (2, "tps:")


def test_no_message_of_ours_spells_one():
    for path in MESSAGES.glob("*/*.txt"):
        assert found(path.read_text("utf-8")) is None


@pytest.mark.parametrize("piece", ["h{{ a }} ", "{% if a %}h{% endif %}{% if a %}t{% endif %}", "a{{ a }}.{{ a }}"])
def test_many_ways_cost_no_more_than_many_words(piece):
    """Each place is reached in as many ways as signs can have begun, not in two to the power of the conditions."""
    assert found(piece.replace("a{{ a }}.{{ a }}", "a{{ a }} . {{ a }}") * 150) is None
