"""An email is understood by what its writer added, not by what it quotes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.inbound import Meaning, Mentions, Understood, mentions_texts, new_words, understand
from campaigns.rules.inbound import read_inbound_words

WORDS = read_inbound_words()

QUOTATIONS = (
    "> Stop emails\n> STOP",
    "On Mon, Jan 5, 2026 at 3:00 PM Example Clinic <class@clinic.example> wrote:\n> STOP",
    "On Mon, Jan 5, 2026 at 3:00 PM Example Clinic\n<class@clinic.example>\nwrote:\n\nUnsubscribe me. STOP",
    "Example Clinic <class@clinic.example> wrote:\nSTOP",
    "El lun, 5 ene 2026 a las 15:00, Example Clinic (<class@clinic.example>) escribió:\n> STOP",
    "El 5/1/26, Example Clinic <class@clinic.example>\nescribió:\nSTOP",
    "-----Original Message-----\nFrom: Example Clinic\nSTOP",
    "---------- Forwarded message ---------\nSTOP",
    "-----Mensaje original-----\nSTOP",
    "Begin forwarded message:\nSTOP",
    "________________________________\nSTOP",
    "From: Example Clinic\nSent: Monday\nTo: Ann\nSubject: Your class\n\nSTOP",
    "*De:* Example Clinic\n*Enviado el:* lunes\n*Para:* Ann\n\nSTOP",
    "-- \nAnn Smith, Stop Smoking Ltd.\nSTOP",
    "--\nSTOP",
    "Sent from my iPhone",
    "Get Outlook for iOS <https://aka.example>",
    "Enviado desde mi iPhone\n\n> STOP",
)


@pytest.mark.parametrize("quotation", QUOTATIONS)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_quoted_mail_and_signatures_say_nothing(quotation: str, ending: str) -> None:
    mail = f"Which shoes?\n\nAnn\n\n{quotation}\n".replace("\n", ending)
    assert new_words(mail) == "Which shoes?\n\nAnn"
    assert understand(mail, WORDS, email=True) == Understood(Meaning.QUESTION, False, "")


def test_an_answer_between_and_below_what_is_marked_as_quoted_is_kept() -> None:
    mail = (
        "On 5 Jan 2026 Ann <a@clinic.example> wrote:\n\n> How are you?\nWell.\n> Shall we write?\nNo, unsubscribe me.\n"
    )
    assert new_words(mail) == "Well.\nNo, unsubscribe me."
    assert understand(mail, WORDS, email=True).matched == "unsubscribe me"


@pytest.mark.parametrize(
    "mail",
    [
        "On second thought, stop", "On Monday my doctor wrote:\nrun less", "From: what I read\nit helps", "El martes\nvoy", "What he wrote:\nrun!", "",
        "---\nno ruler", "From here on I run\nTuesday",
    ],
)  # fmt: skip
def test_what_only_looks_like_quoted_mail_is_kept(mail: str) -> None:
    assert new_words(mail) == mail


@given(st.lists(st.one_of(st.text(), st.sampled_from([*QUOTATIONS, "", "Stop", "On 1", "wrote:"]))).map("\n".join))
def test_new_words_are_words_of_the_mail(mail: str) -> None:
    lines = [line.strip() for line in mail.splitlines()]
    assert all(line in lines for line in new_words(mail).splitlines() if line)
    assert not any(line.startswith(">") for line in new_words(mail).splitlines())


@pytest.mark.parametrize(
    "mail",
    [
        "Unsubscribe\n\nThanks,\nAnn Smith\n(207) 555-0100", "Hi,\n\nStop.\n\nAnn", "Dear clinic team,\nplease cancel", "Hello Dr. Smith\n\nunsubscribe please\nAnn",
        "Hi, stop", "Please take me off your list.\nAnn", "Hola\nquiero darme de baja\nAna", "Re: stop", "> Reply STOP\n\nStop",
    ],
)  # fmt: skip
def test_an_email_takes_back_consent(mail: str) -> None:
    assert understand(mail, WORDS, email=True).meaning is Meaning.STOP


@pytest.mark.parametrize(
    "mail",
    [
        "I run on Mondays and wonder how far I can go before I have to\nstop", "Thanks for the class.\nDo you know\nwhen it will\nend", "Hi Dr. Smith,\nI liked the class\nStop", "Hello I came to your class\nStop",
        "hi there\n" * 12 + "Stop",
    ],
)  # fmt: skip
def test_the_last_word_of_a_later_line_is_held(mail: str) -> None:
    assert understand(mail, WORDS, email=True).meaning is Meaning.HOLD


@pytest.mark.parametrize("mail", ["START", "unstop", "HELP", "info", "yes"])
def test_an_email_starts_nothing_and_is_not_answered(mail: str) -> None:
    assert understand(mail, WORDS, email=True, pending_yes=True).meaning is Meaning.QUESTION


def test_our_own_footer_says_nothing_even_without_a_mark() -> None:
    mail = "Which shoes?\n\nStop emails about this class\nChoose what we send\nIn an emergency call 911."
    assert understand(mail, WORDS, email=True) == Understood(Meaning.QUESTION, False, "")


@pytest.mark.parametrize(
    ("mail", "mentions"),
    [
        ("Please stop texting me", Mentions(texts=True, emails=False)), ("Unsubscribe me from the texts", Mentions(texts=True, emails=False)),
        ("remove my number", Mentions(texts=True, emails=False)), ("No me manden más mensajes de texto", Mentions(texts=True, emails=False)),
        ("unsubscribe", Mentions(texts=False, emails=True)), ("Stop these emails", Mentions(texts=False, emails=True)), ("leave me alone", Mentions(texts=False, emails=True)),
        ("Stop the emails and the texts", Mentions(texts=True, emails=True)), ("Unsubscribe me from everything", Mentions(texts=True, emails=True)),
        ("Do not contact me again", Mentions(texts=True, emails=True)), ("Unsubscribe\n\nAnn\nThis is my number: 207 555 0100", Mentions(texts=True, emails=True)),
        ("Unsubscribe me\n\nOn 5 Jan 2026 a@clinic.example wrote:\n> texts", Mentions(texts=False, emails=True)), ("", Mentions(texts=False, emails=True)),
    ],
)  # fmt: skip
def test_an_email_says_which_channel_it_is_about(mail: str, mentions: Mentions) -> None:
    assert mentions_texts(mail, WORDS) == mentions


@given(st.text())
def test_who_takes_back_consent_takes_back_something(mail: str) -> None:
    found = mentions_texts(mail, WORDS)
    assert found.texts or found.emails
