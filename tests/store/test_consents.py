"""What people agreed to, and whom we must not write to."""

from __future__ import annotations

import pytest

from campaigns.domain.steps import Channel, Purpose
from campaigns.store.consents import Wording, add_wording, current_wordings, granted_for, lift, stopped, suppress
from campaigns.store.engine import Connection
from tests.factories import NOON

ANY = (Channel.EMAIL, Purpose.SERVICE, Purpose.EDUCATION)


def test_the_same_words_are_stored_once_and_newer_ones_are_current(db: Connection) -> None:
    first = add_wording(db, Wording(0, Channel.SMS, Purpose.SERVICE, "Texts", "I agree."), NOON)
    assert add_wording(db, Wording(0, Channel.SMS, Purpose.SERVICE, "Texts", "I agree."), NOON) == first
    newer = add_wording(db, Wording(0, Channel.SMS, Purpose.SERVICE, "Texts", "I agree to texts."), NOON)
    add_wording(db, Wording(0, Channel.EMAIL, Purpose.MARKETING, "News", "I agree."), NOON)
    add_wording(db, Wording(0, Channel.EMAIL, Purpose.EDUCATION, "Reads", "I agree."), NOON)
    assert [(one.channel, one.purpose) for one in current_wordings(db)] == [
        (Channel.SMS, Purpose.SERVICE), (Channel.EMAIL, Purpose.EDUCATION), (Channel.EMAIL, Purpose.MARKETING),
    ]  # fmt: skip
    assert current_wordings(db)[0].id == newer


def test_each_language_has_its_own_newest_words_and_english_fills_the_gaps(db: Connection) -> None:
    add_wording(db, Wording(0, Channel.SMS, Purpose.SERVICE, "Textos", "Acepto.", "es"), NOON)
    spanish = add_wording(db, Wording(0, Channel.SMS, Purpose.SERVICE, "Textos", "Acepto los textos.", "es"), NOON)
    english = add_wording(db, Wording(0, Channel.SMS, Purpose.SERVICE, "Texts", "I agree.", "en"), NOON)
    news = add_wording(db, Wording(0, Channel.EMAIL, Purpose.MARKETING, "News", "I agree.", "en"), NOON)
    assert [(one.id, one.language) for one in current_wordings(db, "es")] == [(spanish, "es"), (news, "en")]
    assert [one.id for one in current_wordings(db)] == [english, news]


def test_a_stop_for_one_purpose_leaves_the_others(db: Connection) -> None:
    assert suppress(db, Channel.EMAIL, "a@b.example", Purpose.EDUCATION, reason="unsubscribed", source="link", now=NOON)
    assert not suppress(db, Channel.EMAIL, "a@b.example", Purpose.EDUCATION, reason="staff", source="desk", now=NOON)
    assert [stopped(db, Channel.EMAIL, "a@b.example", one) for one in ANY[1:]] == [False, True]
    assert not stopped(db, Channel.SMS, "a@b.example", Purpose.EDUCATION)


def test_a_stop_for_everything_covers_each_purpose_until_it_is_lifted(db: Connection) -> None:
    suppress(db, Channel.EMAIL, "a@b.example", None, reason="unsubscribed", source="link", now=NOON)
    assert [stopped(db, Channel.EMAIL, "a@b.example", one) for one in ANY[1:]] == [True, True]
    assert lift(db, Channel.EMAIL, "a@b.example", None, NOON)
    assert not lift(db, Channel.EMAIL, "a@b.example", None, NOON)
    assert [stopped(db, Channel.EMAIL, "a@b.example", one) for one in ANY[1:]] == [False, False]
    assert suppress(db, Channel.EMAIL, "a@b.example", None, reason="unsubscribed", source="link", now=NOON)


@pytest.mark.parametrize("reason", ["bounced", "complained", "invalid", "staff"])
def test_what_the_person_did_not_ask_for_cannot_be_lifted_by_asking(db: Connection, reason: str) -> None:
    suppress(db, Channel.EMAIL, "a@b.example", None, reason=reason, source="receipt", now=NOON)
    assert not lift(db, Channel.EMAIL, "a@b.example", None, NOON)


def test_who_was_never_asked_has_granted_nothing(db: Connection) -> None:
    assert granted_for(db, 999) == {}
