"""The languages, their catalogue, and whose turn it is to be spoken."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

from campaigns import language
from campaigns.language import gettext, ngettext, pgettext, read_catalogue, speaking, spoken, turn_to

HOME = Path(__file__).parents[1]
OTHERS = [code for code in language.NAMES if code != language.ENGLISH]
GAP = re.compile(r"%\((\w+)\)[sd]|%%")
SAME = {
    "%(city)s",
    "%(hour)s %(zone)s",
    "%(day)s, %(hour)s",
    "h:mm a",
    "EEEE",
    "Puerto Rico",
    "Australia",
}
"""What may well be the same in another language."""


def said_in_code() -> Catalog:
    """What code and templates say today."""
    mappings = tomllib.loads((HOME / "pyproject.toml").read_text("utf-8"))["tool"]["babel"]["mappings"]
    methods = [(pattern, one["method"]) for one in mappings for pattern in _patterns(one)]
    options = {
        pattern: {k: v for k, v in one.items() if k not in ("method", "pattern")}
        for one in mappings
        for pattern in _patterns(one)
    }
    found = Catalog()
    keywords = {**DEFAULT_KEYWORDS, "mark": None}
    for _, _, words, _, context in extract_from_dir(HOME, methods, options, keywords):
        found.add(words, context=context)
    return found


def _patterns(mapping: dict[str, object]) -> list[str]:
    pattern = mapping["pattern"]
    return [pattern] if isinstance(pattern, str) else list(pattern)  # type: ignore[call-overload]  # TOML gives a list here


def forms(message: Message) -> Iterable[str]:
    return [message.id] if isinstance(message.id, str) else message.id


def translations(message: Message) -> Iterable[str]:
    return [message.string] if isinstance(message.string, str) else message.string


def keys(catalogue: Catalog) -> set[tuple[str | None, object]]:
    return {(one.context, one.id) for one in catalogue if one.id}


@pytest.fixture(scope="module")
def code() -> Catalog:
    return said_in_code()


def test_the_template_holds_every_english_sentence_and_no_other(code: Catalog) -> None:
    with language.TEMPLATE.open("rb") as file:
        template = read_po(file)
    assert keys(template) == keys(code), "run: make words"
    assert len(keys(code)) > 300


@pytest.mark.parametrize("other", OTHERS)
def test_a_language_is_complete(other: str, code: Catalog) -> None:
    catalogue = read_catalogue(other)
    assert keys(catalogue) == keys(code)
    assert [one.id for one in catalogue if one.id and (one.fuzzy or not all(translations(one)))] == []


@pytest.mark.parametrize("other", OTHERS)
def test_a_translation_has_the_gaps_and_tags_of_its_sentence(other: str) -> None:
    for one in read_catalogue(other):
        if not one.id:
            continue
        gaps = {frozenset(GAP.findall(form)) for form in forms(one)}
        for string in translations(one):
            assert frozenset(GAP.findall(string)) in gaps or frozenset(GAP.findall(string)) == gaps_of_all(one), one.id
            assert not re.search(r"%(?!\(\w+\)[sd]|%)", GAP.sub("", string)) or "%" in str(one.id), one.id
            assert tags(string) == tags(next(iter(forms(one)))), one.id


def gaps_of_all(message: Message) -> frozenset[str]:
    return frozenset(gap for form in forms(message) for gap in GAP.findall(form))


def tags(words: str) -> list[tuple[str, tuple[tuple[str, str | None], ...]]]:
    found: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append((tag, tuple(attrs)))

        def handle_endtag(self, tag: str) -> None:
            found.append((f"/{tag}", ()))

    Reader(convert_charrefs=False).feed(words)
    return sorted(found, key=str)


@pytest.mark.parametrize("other", OTHERS)
def test_a_translation_is_not_the_english_again(other: str) -> None:
    same = [one.id for one in read_catalogue(other) if one.id and one.string == one.id and len(one.id) > 3]
    assert set(same) <= SAME


def test_spanish_keeps_to_its_own_ways_of_writing() -> None:
    for one in read_catalogue("es"):
        for string in translations(one) if one.id else ():
            assert "!" not in string and "’" not in string and "“" not in string, string
            assert not re.search(r"\b(la|las|La|Las) %\((\w*time|hour|clock)\)s", string), "one o'clock would be wrong"
            assert not re.search(r"\b(tú|tu|tus|te|contigo|vosotros|bienvenido|inscrito)\b", string), string


def test_english_is_spoken_until_somebody_begins_another() -> None:
    assert (spoken(), gettext("Hello,")) == ("en", "Hello,")
    with speaking("es"):
        assert (spoken(), gettext("Hello,"), gettext("Hello %(name)s,", name="Ana")) == ("es", "Hola:", "Hola, Ana:")
        assert pgettext("class", "is over") == "ya terminó"
        assert [ngettext("%(num)d hour", "%(num)d hours", number) for number in (1, 2)] == ["1 hora", "2 horas"]
        with speaking("en"):
            assert gettext("Hello,") == "Hello,"
        assert spoken() == "es"
    assert spoken() == "en"


def test_what_is_in_no_catalogue_is_said_as_it_stands() -> None:
    with speaking("es"):
        assert gettext("Nobody has translated this.") == "Nobody has translated this."


def test_a_language_without_words_is_english() -> None:
    with speaking("xx"):
        assert spoken() == "en"


def test_one_may_turn_to_another_language_inside_a_request_only() -> None:
    with speaking("en"):
        turn_to("es")
        assert spoken() == "es"
        turn_to("xx")
        assert spoken() == "es"
    with pytest.raises(LookupError):
        turn_to("es")


def test_threads_do_not_hear_each_other() -> None:
    def say(code: str) -> list[str]:
        with speaking(code):
            return [gettext("Hello,") for _ in range(200)]

    with ThreadPoolExecutor(4) as pool:
        for code, heard in zip(("en", "es") * 8, pool.map(say, ("en", "es") * 8), strict=True):
            assert set(heard) == {"Hello," if code == "en" else "Hola:"}
