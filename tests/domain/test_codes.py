"""Codes that show whose a number is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from campaigns.domain.codes import LASTS, MOST_TRIES, Asking, digits_of
from campaigns.domain.tokens import Signer

NOW = datetime(2027, 3, 1, 17, tzinfo=UTC)
NUMBER, OTHER = "+12075550142", "+12075550143"
SIGNER = Signer((b"s" * 32,))


def test_a_code_is_six_digits_and_another_one_for_any_other_person_number_or_round() -> None:
    codes = {SIGNER.code(*about) for about in ((1, NUMBER, 0), (2, NUMBER, 0), (1, OTHER, 0), (1, NUMBER, 1))}
    codes.add(Signer((b"t" * 32,)).code(1, NUMBER, 0))
    assert len(codes) == 5 and all(len(one) == 6 and one.isdecimal() for one in codes)
    assert any(SIGNER.code(number, NUMBER, 0).startswith("0") for number in range(200))


def test_only_the_very_code_is_known_and_so_it_is_while_a_secret_is_being_changed() -> None:
    code = SIGNER.code(1, NUMBER, 0)
    for signer in (SIGNER, Signer((b"t" * 32, b"s" * 32))):
        assert signer.knows_code(code, 1, NUMBER, 0)
        assert not signer.knows_code(code, 1, NUMBER, 1)
        assert not any(signer.knows_code(odd, 1, NUMBER, 0) for odd in ("", code[:-1], code + "0", "١٢٣٤٥٦", "\0"))
    assert not Signer((b"t" * 32,)).knows_code(code, 1, NUMBER, 0)


def test_an_asking_stands_for_its_number_for_half_an_hour_and_a_few_tries() -> None:
    asking = Asking(NUMBER, 1, NOW)
    assert asking.stands(NUMBER, NOW) and asking.stands(NUMBER, NOW + LASTS - timedelta(seconds=1))
    assert not asking.stands(NUMBER, NOW + LASTS)
    assert not asking.stands(OTHER, NOW) and not asking.stands(None, NOW)
    assert Asking(NUMBER, 1, NOW, MOST_TRIES - 1).stands(NUMBER, NOW)
    assert not Asking(NUMBER, 1, NOW, MOST_TRIES).stands(NUMBER, NOW)


@pytest.mark.parametrize("typed", ["123456", " 123 456 ", "123-456", "code: 123456."])
def test_a_code_is_read_as_it_looks(typed: str) -> None:
    assert digits_of(typed) == "123456"
