"""When a form was shown: the stamp that travels in it."""

from datetime import UTC, datetime, timedelta

import pytest

from campaigns.domain.tokens import MANAGE, Signer
from campaigns.web.stamps import hesitate, keep_or_renew, stamp

NOW = datetime(2027, 3, 1, 17, 0, tzinfo=UTC)
SIGNER = Signer((b"s" * 32,))
TWO = timedelta(seconds=2)


def told(written: str, now: datetime, webinar: int = 7) -> str:
    return hesitate(SIGNER, written, webinar, now, at_least=TWO)


@pytest.mark.parametrize("seconds", [2, 60, 3600, 86_400])
def test_form_that_people_had_time_for_is_taken(seconds):
    assert told(stamp(SIGNER, 7, NOW), NOW + timedelta(seconds=seconds)) == ""


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "quick"), (1.999, "quick"), (-60, "quick"), (86_401, "open for long")]
)
def test_form_that_comes_at_once_or_much_later_is_shown_once_more(seconds, words):
    sentence = told(stamp(SIGNER, 7, NOW), NOW + timedelta(seconds=seconds))
    assert words in sentence and "nothing is saved yet" in sentence


@pytest.mark.parametrize(
    "written",
    [
        "",
        "x",
        "AAAA" * 20,
        stamp(Signer((b"t" * 32,)), 7, NOW),
        stamp(SIGNER, 8, NOW),
        SIGNER.sign(MANAGE, 7, 1_803_920_400_000),
        SIGNER.sign("f", 7),
    ],
)
def test_stamp_that_is_missing_or_forged_or_another_forms_is_no_stamp(written):
    assert told(written, NOW + timedelta(minutes=1)).startswith("Nothing is saved yet.")


def test_good_stamp_is_kept_and_any_other_is_renewed():
    good = stamp(SIGNER, 7, NOW)
    assert keep_or_renew(SIGNER, good, 7, NOW + timedelta(seconds=1)) == good
    for written, now in (("", NOW), (good, NOW + timedelta(days=2)), (good, NOW - TWO)):
        fresh = keep_or_renew(SIGNER, written, 7, now)
        assert fresh == stamp(SIGNER, 7, now) != written
