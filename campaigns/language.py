"""The languages that pages and messages come in, and the catalogue of their words.

English stands where it is said, and all of it once more in `locale/pages.pot`; each other language
is one file beside it, `locale/<code>/LC_MESSAGES/pages.po`, as gettext has it. `make words` renews
them. Which language is spoken belongs to the thread or task at hand: `speaking` begins it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Final

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE: Final = Path(__file__).parent / "locale"
TEMPLATE: Final = LOCALE / "pages.pot"
"""Every English sentence that a registrant may read, in one place."""

ENGLISH: Final = "en"
NAMES: Final = {ENGLISH: "English", "es": "Español"}
"""Each language as its own readers call it, by the code that pages and registrants carry."""
_REGIONS: Final = {ENGLISH: "en_US", "es": "es_US"}
"""Whose habits of writing dates and hours are followed (CLDR)."""


class _Voice:
    """What is spoken by one request or one letter; whatever serves it shares it, in whichever thread."""

    def __init__(self, code: str) -> None:
        self.code = code


_VOICE: ContextVar[_Voice] = ContextVar("voice")


def known(code: str) -> bool:
    """Say whether there are words in this language."""
    return code in NAMES


def spoken() -> str:
    """Give the code of the language that is spoken now: English unless somebody has begun another."""
    voice = _VOICE.get(None)
    return voice.code if voice else ENGLISH


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Speak a language inside the block; one that we have no words in is English."""
    token = _VOICE.set(_Voice(code if known(code) else ENGLISH))
    try:
        yield
    finally:
        _VOICE.reset(token)


def turn_to(code: str) -> None:
    """Go on in another language until the block of `speaking` ends; one that we have no words in changes nothing.

    Raises `LookupError` outside of such a block.
    """
    if known(code):
        _VOICE.get().code = code


def locale() -> Locale:
    """Give the CLDR locale of the language that is spoken now."""
    return _locale(spoken())


def name_of(code: str) -> str:
    """Name a language in the one spoken now: `inglés`."""
    return str(locale().languages.get(code, code))


def gettext(message: str, **values: object) -> str:
    """Give a sentence in the language spoken now, with `%(name)s` filled in; one without a translation is English."""
    return _filled(_words(spoken()).gettext(message), values)


def ngettext(one: str, many: str, number: int, **values: object) -> str:
    """Give the form that goes with a number, which fills `%(num)s`."""
    return _words(spoken()).ngettext(one, many, number) % {"num": number, **values}


def pgettext(context: str, message: str, **values: object) -> str:
    """Give a sentence that means different things in different places; `context` says which."""
    return _filled(_words(spoken()).pgettext(context, message), values)


def _filled(words: str, values: dict[str, object]) -> str:
    return words % values if values else words


def read_catalogue(code: str) -> Catalog:
    """Read the words of a language as translators write them; English has none of its own."""
    with (LOCALE / code / "LC_MESSAGES" / "pages.po").open("rb") as file:
        return read_po(file, locale=code, domain="pages")


@cache
def _words(code: str) -> NullTranslations:
    if code == ENGLISH:
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, read_catalogue(code))
    compiled.seek(0)
    return GNUTranslations(compiled)


@cache
def _locale(code: str) -> Locale:
    return Locale.parse(_REGIONS[code])
