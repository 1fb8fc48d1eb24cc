"""Why a message was not sent, told to the person it was for: short, and nothing about anybody else."""

import pytest

from campaigns.domain.timing import Reason
from campaigns.web.public.timeline import _REASONS

LAST_LOOK = (
    Reason.HOUSEHOLD,
    Reason.TOO_MANY,
    Reason.PUMPED,
    Reason.ON_HOLD,
    Reason.DOMAIN_PAUSED,
    Reason.UNAPPROVED,
)


@pytest.mark.parametrize("reason", LAST_LOOK)
def test_what_the_last_look_kept_back_is_told(reason):
    words = _REASONS[reason]
    assert words.startswith("Not sent: ") and len(words) <= 50


def test_a_shared_number_does_not_tell_with_whom():
    assert _REASONS[Reason.HOUSEHOLD] == "Not sent: this number had it already."
    for words in _REASONS.values():
        assert not {"somebody", "someone", "person", "household", "robot", "clinician"} & set(words.lower().split())
