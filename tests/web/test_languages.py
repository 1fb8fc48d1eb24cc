"""Which language a page is shown in."""

from __future__ import annotations

import pytest

from campaigns.errors import Rejected, Word
from campaigns.language import speaking
from campaigns.web.languages import preferred, said


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "en"),
        ("es", "es"),
        ("es-MX,es;q=0.9,en;q=0.8", "es"),
        ("en-US,en;q=0.9,es;q=0.8", "en"),
        ("fr-FR,fr;q=0.9,es;q=0.4,en;q=0.3", "es"),
        ("de, *;q=0.5", "en"),
        ("en;q=0.1, ES;Q=0.7", "es"),
        ("es;q=0", "en"),
        ("es;q=nan", "en"),
        ("es;q=much", "en"),
        (";;;,,,=", "en"),
        ("en," * 30 + "es;q=2", "en"),
    ],
)
def test_the_browser_s_wishes_are_weighed(header: str, code: str) -> None:
    assert preferred(header) == code


def test_what_went_wrong_is_said_in_the_language_of_the_page() -> None:
    error = Rejected("Hello %(name)s,", name=Word("Central"))
    with speaking("es"):
        assert said(error) == "Hola, hora central:"
        assert said(Rejected("Nobody has translated this.")) == "Nobody has translated this."
    assert said(error) == str(error) == "Hello Central,"
