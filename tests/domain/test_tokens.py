"""Links carry numbers nobody can change, and nothing about a person."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.domain.steps import Channel, Purpose
from campaigns.domain.tokens import CALLBACK, CHANNELS, JOIN, MANAGE, PURPOSES, STOP, VIEWING, WATCH, Links, Signer
from campaigns.errors import ConfigurationError, LinkExpired

SECRET, OLDER = b"s" * 32, b"o" * 32
BIGGEST = 2**63 - 1
KINDS = (MANAGE, JOIN, WATCH, VIEWING, STOP, CALLBACK)

numbers = st.lists(st.integers(0, BIGGEST), max_size=4).map(tuple)
quick = settings(derandomize=True, max_examples=150, deadline=None)


@quick
@given(st.sampled_from(KINDS), numbers)
def test_what_was_signed_is_read_back(kind: str, signed: tuple[int, ...]) -> None:
    token = Signer((SECRET,)).sign(kind, *signed)
    assert re.fullmatch(r"[A-Za-z0-9_-]+", token)
    assert Signer((SECRET,)).read(kind, token) == signed


@quick
@given(st.sampled_from(KINDS), st.sampled_from(KINDS), numbers)
def test_a_token_of_one_kind_opens_no_other(kind: str, other: str, signed: tuple[int, ...]) -> None:
    if kind == other:
        return
    with pytest.raises(LinkExpired):
        Signer((SECRET,)).read(other, Signer((SECRET,)).sign(kind, *signed))


@quick
@given(numbers, st.data())
def test_a_token_with_one_character_changed_is_refused(signed: tuple[int, ...], data: st.DataObject) -> None:
    token = Signer((SECRET,)).sign(MANAGE, *signed)
    place = data.draw(st.integers(0, len(token) - 1))
    character = data.draw(st.characters(exclude_characters=token[place]))
    with pytest.raises(LinkExpired):
        Signer((SECRET,)).read(MANAGE, token[:place] + character + token[place + 1 :])


@quick
@given(numbers, st.data())
def test_a_token_cut_short_or_made_longer_is_refused(signed: tuple[int, ...], data: st.DataObject) -> None:
    token = Signer((SECRET,)).sign(MANAGE, *signed)
    cut = data.draw(st.integers(0, len(token) - 1))
    extra = data.draw(st.text(min_size=1, max_size=5))
    for altered in (token[:cut], token[cut + 1 :], token + extra, token + "=", extra + token, token * 2):
        with pytest.raises(LinkExpired):
            Signer((SECRET,)).read(MANAGE, altered)


@quick
@given(st.text(max_size=60))
def test_anything_foreign_is_refused(text: str) -> None:
    with pytest.raises(LinkExpired):
        Signer((SECRET,)).read(MANAGE, text)


@pytest.mark.parametrize("text", ["", "=", "====", "é", "\ud800", "a" * 100_000, "../../etc/passwd", "%00", " "])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(LinkExpired):
        Signer((SECRET,)).read(MANAGE, text)


def test_the_last_character_has_one_spelling_only() -> None:
    """Base64 leaves bits of the last character unused; another letter there would decode alike."""
    token = Signer((SECRET,)).sign(MANAGE, 5)
    twins = [token[:-1] + letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"]
    for twin in twins:
        if twin != token:
            with pytest.raises(LinkExpired):
                Signer((SECRET,)).read(MANAGE, twin)


def test_links_signed_with_a_former_secret_still_open() -> None:
    old_link = Signer((OLDER,)).sign(STOP, 7, 0, 2)
    assert Signer((SECRET, OLDER)).read(STOP, old_link) == (7, 0, 2)
    assert Signer((SECRET, OLDER)).sign(STOP, 7, 0, 2) == Signer((SECRET,)).sign(STOP, 7, 0, 2)


def test_links_signed_with_a_dropped_secret_do_not_open() -> None:
    with pytest.raises(LinkExpired):
        Signer((SECRET,)).read(MANAGE, Signer((OLDER,)).sign(MANAGE, 7))


def test_numbers_cannot_slide_into_each_other() -> None:
    signer = Signer((SECRET,))
    assert len({signer.sign(MANAGE, 1, 2), signer.sign(MANAGE, 12), signer.sign(MANAGE, 1, 2, 0)}) == 3


def test_a_token_is_short_even_for_the_last_row_number() -> None:
    signer = Signer((SECRET,))
    assert len(signer.sign(MANAGE, 100_000)) <= 26
    assert max(len(signer.sign(STOP, BIGGEST, 1, 2)), len(signer.sign(CALLBACK, BIGGEST, 9))) <= 50


def test_a_negative_number_is_our_mistake() -> None:
    with pytest.raises(ValueError, match="not negative"):
        Signer((SECRET,)).sign(MANAGE, -1)


@pytest.mark.parametrize("secrets", [(), (b"",), (SECRET, b"")])
def test_without_a_secret_nothing_is_signed(secrets: tuple[bytes, ...]) -> None:
    with pytest.raises(ConfigurationError, match="CAMPAIGNS_SECRET"):
        Signer(secrets)


def test_every_link_begins_with_the_public_address_and_leads_to_its_page() -> None:
    signer = Signer((SECRET,))
    links = Links("https://class.example.org/", signer)
    base = "https://class.example.org"
    assert links.manage(5) == f"{base}/r/{signer.sign('r', 5)}"
    assert links.join(5) == f"{base}/j/{signer.sign('j', 5)}"
    assert links.watch(5) == f"{base}/watch/{signer.sign('w', 5)}"
    assert links.callback(9, 2) == f"{base}/hooks/twilio/status/{signer.sign('c', 9, 2)}"
    assert links.calendar(3) == f"{base}/calendar/3.ics"
    assert links.landing("si-joint-runners") == f"{base}/w/si-joint-runners"


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("purpose", Purpose)
def test_an_unsubscribe_link_says_what_should_stop(channel: Channel, purpose: Purpose) -> None:
    signer = Signer((SECRET,))
    token = Links("https://class.example.org", signer).stop(5, channel, purpose).rpartition("/o/")[2]
    registration, channel_place, purpose_place = signer.read(STOP, token)
    assert (registration, CHANNELS[channel_place], PURPOSES[purpose_place]) == (5, channel, purpose)


def test_the_places_of_channels_and_purposes_never_change() -> None:
    assert [str(channel) for channel in CHANNELS] == ["email", "sms"]
    assert [str(purpose) for purpose in PURPOSES] == ["service", "education", "marketing"]
