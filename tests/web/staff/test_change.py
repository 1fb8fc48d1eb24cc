"""What moving or cancelling does, in words; the pages themselves are tried in test_sessions.py."""

from datetime import UTC, datetime

from campaigns.operations.reschedule import Preview
from campaigns.web.staff.change import city, elsewhere, sentence, zones_offered

STARTS = datetime(2026, 3, 19, 23, 0, tzinfo=UTC)


def test_other_clocks_begin_with_where_most_people_live():
    clocks = elsewhere(preview({"America/Chicago": 9, "America/Denver": 2, "Asia/Tokyo": 5}), STARTS, "America/Chicago")
    assert [(one.city, one.hour, one.day, one.people, one.asleep) for one in clocks] == [
        ("Tokyo", "08:00", "Friday", 5, False),
        ("Denver", "17:00", "", 2, False),
        ("New York", "19:00", "", 0, False),
        ("Los Angeles", "16:00", "", 0, False),
    ]


def test_only_people_who_live_there_are_asleep():
    clocks = elsewhere(preview({"Europe/Berlin": 1}), STARTS, "America/Chicago")
    assert [(one.city, one.asleep) for one in clocks] == [("Berlin", True), ("New York", False), ("Los Angeles", False)]


def test_the_sentence_to_tick_has_the_date_in_full_and_two_more_clocks():
    clocks = elsewhere(preview({}), STARTS, "America/Chicago")
    assert sentence(STARTS, "America/Chicago", clocks) == (
        "Thursday 19 March 2026, 18:00 in Chicago",
        "19:00 New York, 16:00 Los Angeles",
    )


def test_the_clinics_zone_is_offered_first_and_once():
    names = [name for name, _ in zones_offered("Europe/London")]
    assert names[0] == "Europe/London" and names.count("Europe/London") == 1
    assert city("America/Indiana/Indianapolis") == "Indianapolis"


def preview(zones: dict[str, int]) -> Preview:
    return Preview(None, STARTS, STARTS, sum(zones.values()), zones, (), "f")
