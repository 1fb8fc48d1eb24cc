"""Invented people."""

import pytest

from campaigns.domain.personas import PERSONAS, elsewhere, persona


def test_each_is_found_by_a_key_that_could_be_no_number():
    assert len({one.key for one in PERSONAS}) == len({one.says for one in PERSONAS}) == len(PERSONAS)
    assert all(persona(one.key) is one and not one.key.isdecimal() for one in PERSONAS)
    assert persona("nobody") is None


@pytest.mark.parametrize("zone", ["America/New_York", "America/Los_Angeles", "America/Chicago"])
def test_elsewhere_the_clock_shows_another_hour(zone):
    assert elsewhere(zone) != zone
    away, usual = persona("away"), persona("usual")
    assert (away.zone_near(zone), usual.zone_near(zone)) == (elsewhere(zone), zone)
