"""A date is added only where it makes sense; the pages' tests walk the rest."""

from datetime import timedelta

import pytest

from campaigns.errors import Rejected
from campaigns.operations import schedule
from tests.factories import DAY, NOON


@pytest.mark.parametrize(
    ("ahead", "length", "capacity", "field"),
    [
        (timedelta(0), timedelta(minutes=30), None, "start"),
        (DAY, timedelta(minutes=4), None, "minutes"),
        (DAY, timedelta(hours=9), None, "minutes"),
        (DAY, timedelta(minutes=30), 0, "capacity"),
    ],
)
def test_the_field_at_fault_is_named(db, ahead, length, capacity, field):
    with pytest.raises(Rejected) as caught:
        schedule.add(db, 1, NOON + ahead, length, capacity, staff_id=1, now=NOON)
    assert caught.value.field == field
