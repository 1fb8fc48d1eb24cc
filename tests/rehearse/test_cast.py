"""The people of a rehearsal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from campaigns.rehearse.cast import CAST, EDUCATION, FIRST, TEXTS, Persona

STARTS = datetime(2027, 3, 25, 22, 0, tzinfo=UTC)


def test_the_cast_covers_what_a_campaign_can_meet() -> None:
    assert {persona.away for persona in CAST} == {True, False}
    assert {TEXTS in persona.boxes for persona in CAST} == {True, False}
    assert {0.0, 0.3, 1} == {persona.stays for persona in CAST}
    assert [persona.name for persona in CAST if persona.leaves] == ["Dev"]
    assert min(persona.registers for persona in CAST) < timedelta(hours=1) < FIRST


def test_nobody_has_an_address_or_a_number_that_belongs_to_somebody() -> None:
    assert all(persona.email.endswith("@example.org") for persona in CAST)
    assert all("55501" in persona.phone for persona in CAST if persona.phone)


def test_who_is_away_lives_in_another_zone_wherever_the_clinic_is() -> None:
    home, away = persona(away=False), persona(away=True)
    for clinic in ("America/New_York", "America/Los_Angeles", "Europe/London"):
        assert home.zone(clinic) == clinic
        assert away.zone(clinic) != clinic


def test_acts_count_back_from_the_start() -> None:
    one = persona(registers=timedelta(days=8), leaves=timedelta(days=2))
    assert one.registers_at(STARTS) == STARTS - timedelta(days=8)
    assert one.leaves_at(STARTS) == STARTS - timedelta(days=2)
    assert persona().leaves_at(STARTS) is None


def test_what_somebody_does_is_said_in_words() -> None:
    assert persona().says == "no box ticked, misses it"
    assert persona(boxes=frozenset({TEXTS, EDUCATION}), stays=1).says == "texts, education ticked, attends"
    assert persona(stays=0.3).says == "no box ticked, stays for 30%"
    assert persona(leaves=timedelta(days=2)).says == "no box ticked, cancels"


def persona(**facts: object) -> Persona:
    told = {"away": False, "boxes": frozenset(), "registers": timedelta(days=1), **facts}
    return Persona("Ana", "", **told)  # type: ignore[arg-type]
