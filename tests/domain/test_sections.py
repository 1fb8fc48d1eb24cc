"""What a page teaches stands or falls with the claims that it makes."""

from __future__ import annotations

import json

from campaigns.domain.sections import Paragraph, Section, citations, from_json, shown, to_json

PAGE = (
    Section(
        "what",
        "What it is",
        (
            Paragraph("One and two.", ("one", "two"), ("a page", "a book")),
            Paragraph("Three.", ("three",), ("a page",)),
        ),
    ),
    Section("why", "Why", (Paragraph("Four.", ("four",), ("a leaflet",)),)),
)


def test_nothing_withdrawn_leaves_all_as_it_is() -> None:
    assert shown(PAGE, frozenset()) == PAGE


def test_a_paragraph_goes_with_any_one_of_its_claims() -> None:
    what, why = shown(PAGE, {"two"})
    assert [part.words for part in what.paragraphs] == ["Three."]
    assert why == PAGE[1]


def test_a_section_without_paragraphs_is_not_shown() -> None:
    assert shown(PAGE, {"four", "a claim of another webinar"}) == (PAGE[0],)
    assert shown(PAGE, {"one", "three", "four"}) == ()


def test_sources_are_cited_once_each_and_only_for_what_is_shown() -> None:
    assert PAGE[0].cited == ("a page", "a book")
    assert citations(PAGE) == ("a page", "a book", "a leaflet")
    assert citations(shown(PAGE, {"one", "four"})) == ("a page",)


def test_sections_are_stored_and_come_back_unchanged() -> None:
    assert from_json(json.loads(json.dumps(to_json(PAGE)))) == PAGE
