"""Which language a page is shown in."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from campaigns.domain.names import clean_name
from campaigns.errors import Either, Rejected, SessionFull, Word
from campaigns.language import speaking
from campaigns.operations.addresses import parse_phone
from campaigns.store.consents import current_wordings
from campaigns.store.engine import transaction
from campaigns.web.kinds import NEWS, READS, TEXTS, in_words
from campaigns.web.languages import either, preferred, said

SPANISH = {"Accept-Language": "es-MX,es;q=0.9,en;q=0.5"}


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


def refusal(act) -> Rejected:
    with pytest.raises(Rejected) as caught:
        act()
    return caught.value


def test_gaps_are_filled_with_words_of_the_same_language() -> None:
    name = refusal(lambda: clean_name(" ", field="first_name"))
    place = refusal(lambda: parse_phone("+44 7911 123456", ("US", "ZZ")))
    missing = refusal(lambda: parse_phone("", ("US",)))
    with speaking("es"):
        assert said(name) == "Falta el nombre. Escríbalo como quiere que le saludemos."
        assert said(place).startswith("Solo podemos enviar mensajes de texto a números de los Estados Unidos o ZZ.")
        assert said(missing).startswith(
            "Falta el número de celular. Use un número de celular, por ejemplo (201) 555-0123"
        )
        assert said(SessionFull()) == "Esta fecha está completa. Elija otra fecha."
        assert either(["US", "CA", "PR"]) == "US o CA o PR"
        assert in_words([TEXTS, READS, NEWS]) == (
            "los recordatorios por mensaje de texto, las lecturas breves, y las noticias y ofertas"
        )
        assert said(Rejected("Not %(what)s.", what=Either([Word("this"), "that"]))) == "Not this o that."
    assert str(name) == said(name) == "The first name is missing. Write it as we should greet you."


def test_what_went_wrong_is_said_in_the_language_of_the_page() -> None:
    error = Rejected("Hello %(name)s,", name=Word("Central"))
    with speaking("es"):
        assert said(error) == "Hola, hora central:"
        assert said(Rejected("Nobody has translated this.")) == "Nobody has translated this."
    assert said(error) == str(error) == "Hello Central,"


def send(house, headers=None, **facts):
    return house.client.post(f"/w/{house.slug}", data=house.form(**facts), headers=headers or {})


def spanish_boxes(house) -> dict[str, str]:
    with transaction(house.runtime.engine) as db:
        return {f"{box.channel}-{box.purpose}": str(box.id) for box in current_wordings(db, "es")}


def language_of(house) -> str:
    with transaction(house.runtime.engine) as db:
        return db.execute(text("SELECT language FROM registrant WHERE email = :e"), {"e": house.email}).scalar_one()


def test_a_page_follows_the_browser_and_says_so(house) -> None:
    page = house.client.get(f"/w/{house.slug}", headers=SPANISH)
    assert page.headers["content-language"] == "es" and page.headers["vary"] == "Accept-Language"
    assert '<html lang="es">' in page.text
    assert "El dolor en la parte baja de la espalda, explicado para quienes corren" in page.text
    assert "La clase es en inglés." in page.text and "jueves 11\u00a0de\u00a0marzo" in page.text
    assert f'href="/w/{house.slug}?lang=en" hreflang="en" lang="en">English</a>' in page.text
    english = house.client.get(f"/w/{house.slug}")
    assert english.headers["content-language"] == "en" and "The class is held in English." not in english.text
    assert f'href="/w/{house.slug}?lang=es" hreflang="es" lang="es">Español</a>' in english.text


def test_a_language_in_the_address_comes_first_and_goes_along(house) -> None:
    page = house.client.get(f"/w/{house.slug}?zone=America/Denver&lang=es")
    assert '<html lang="es">' in page.text and 'href="/privacy?lang=es"' in page.text
    assert f"/w/{house.slug}?zone=America%2FDenver&amp;lang=en" in page.text
    assert '<html lang="en">' in house.client.get(f"/w/{house.slug}?lang=en", headers=SPANISH).text
    assert '<html lang="en">' in house.client.get(f"/w/{house.slug}?lang=xx").text
    assert house.client.get("/?lang=es").headers["location"].endswith("?lang=es")


@pytest.mark.parametrize("path", ["/privacy", "/text-terms", "/accessibility", "/find", "/nowhere", "/r/forged"])
def test_every_page_without_a_name_on_it_comes_in_spanish(house, path) -> None:
    page = house.client.get(path, headers=SPANISH)
    assert '<html lang="es">' in page.text
    assert " the " not in page.text.partition("<main")[2]


def test_who_signs_up_in_spanish_is_written_to_in_spanish_and_reads_on_in_it(house) -> None:
    answer = send(house, lang="es", consent=spanish_boxes(house)["email-education"])
    assert answer.status_code == 303 and "lang=es" in answer.headers["location"]
    thanks = house.client.get(answer.headers["location"]).text
    assert '<html lang="es">' in thanks and "Clase para corredores" in thanks and "las lecturas breves" in thanks
    assert language_of(house) == "es"
    assert "lang=" not in send(house, headers=SPANISH, lang="es").headers["location"]


def test_faults_are_named_in_the_language_of_the_form(house) -> None:
    answer = send(house, lang="es", first_name="", email="ana@")
    assert answer.status_code == 422 and '<html lang="es">' in answer.text
    assert "Falta el nombre." in answer.text and "Todavía no hay nada después de la @." in answer.text
    assert 'name="lang" value="es"' in answer.text


def test_words_of_another_language_than_the_shown_ones_are_not_agreed_to(house) -> None:
    answer = send(house, lang="es", consent=[str(house.boxes["email-education"])])
    assert answer.status_code == 422 and "El texto junto a una casilla cambió" in answer.text


def test_a_personal_page_speaks_its_owner_s_language_whatever_the_browser_asks_for(house) -> None:
    mine = house.place(language="es")
    links = house.runtime.links
    for link in (links.manage(mine), links.join(mine), links.watch(mine)):
        page = house.client.get(house.path(link), headers={"Accept-Language": "en"})
        assert '<html lang="es">' in page.text, link
    stop = links.stop(mine, TEXTS[0], TEXTS[1])
    assert '<html lang="es">' in house.client.get(house.path(stop)).text
    other = house.place(email="other-" + house.email)
    assert '<html lang="en">' in house.client.get(house.path(links.manage(other)), headers=SPANISH).text


def test_a_button_on_the_personal_page_changes_the_language_and_looking_at_it_does_not(house) -> None:
    path = house.path(house.runtime.links.manage(house.place()))
    assert 'value="es" lang="es">Español</button>' in house.client.get(path).text
    assert house.client.get(f"{path}/language?lang=es").status_code in (404, 405)
    house.client.get(f"{path}?lang=es")
    assert language_of(house) == "en"
    assert house.client.post(f"{path}/language", data={"lang": "es"}).headers["location"] == path
    assert language_of(house) == "es"
    assert 'value="en" lang="en">English</button>' in house.client.get(path).text
    house.client.post(f"{path}/language", data={"lang": "xx"})
    assert language_of(house) == "es"


def test_staff_read_english(house) -> None:
    assert '<html lang="en">' in house.client.get("/staff/sign-in", headers=SPANISH).text


def test_what_staff_wrote_in_english_is_marked_as_english_on_a_spanish_page(house) -> None:
    with transaction(house.runtime.engine) as db:
        db.execute(text("UPDATE webinar SET translations = '{}' WHERE id = :id"), {"id": house.webinar_id})
    page = house.client.get(f"/w/{house.slug}?lang=es").text
    assert '<h1 lang="en">The aching lower back' in page
