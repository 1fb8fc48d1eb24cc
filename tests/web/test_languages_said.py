"""What went wrong, said in the language of the page."""

from gettext import NullTranslations

import pytest

from campaigns import language
from campaigns.domain.names import clean_name
from campaigns.errors import Either, Rejected, SessionFull, Word
from campaigns.operations.addresses import parse_phone
from campaigns.web.kinds import NEWS, READS, TEXTS, in_words
from campaigns.web.languages import either, said

SPOKEN = {
    "The %(label)s is missing. Write it as we should greet you.": "Falta %(label)s.",
    "first name": "el nombre",
    "%(first)s or %(second)s": "%(first)s o %(second)s",
    "%(list)s, and %(last)s": "%(list)s y %(last)s",
    "the United States": "los EE. UU.",
    "This session is full. Choose another date.": "No queda lugar.",
    "We can text numbers in %(places)s only. Use a mobile number, for example %(number)s,"
    " or leave it empty and get emails only.": "Solo %(places)s; por ejemplo %(number)s.",
    "The mobile number is missing.": "Falta el número.",
    "%(fault)s Use a mobile number, for example %(number)s, or leave it empty and get emails only.": "%(fault)s ¿Otro?",
}


class Catalogue(NullTranslations):
    def gettext(self, message):
        return SPOKEN.get(message, message)


@pytest.fixture(autouse=True)
def spanish(monkeypatch):
    monkeypatch.setattr(language, "_words", lambda _code: Catalogue())


def refusal(act):
    with pytest.raises(Rejected) as caught:
        act()
    return caught.value


def test_gaps_are_filled_with_words_of_the_same_language():
    error = refusal(lambda: clean_name(" ", field="first_name"))
    assert said(error) == "Falta el nombre."
    assert str(error) == "The first name is missing. Write it as we should greet you."


def test_default_of_a_class_is_said_as_well():
    assert said(SessionFull()) == "No queda lugar."


def test_list_of_places_is_joined_as_the_language_joins():
    error = refusal(lambda: parse_phone("+44 7911 123456", ("US", "ZZ")))
    assert said(error) == "Solo los EE. UU. o ZZ; por ejemplo (201) 555-0123."
    assert "in the United States or ZZ only" in str(error)
    assert either(["US", "CA", "PR"]) == "US o CA o PR"


def test_whole_sentence_may_fill_a_gap():
    assert said(refusal(lambda: parse_phone("", ("US",)))) == "Falta el número. ¿Otro?"


def test_what_has_no_translation_stays_english():
    assert said(Rejected("Not %(what)s.", what=Either([Word("this"), "that"]))) == "Not this o that."


def test_kinds_are_joined_as_the_language_joins():
    assert in_words([TEXTS, READS, NEWS]) == "the text reminders, the short reads y news and offers"
