"""A beat says what was played: united, bounded by our clock, and turned into who came."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from campaigns.domain.watching import Shares
from campaigns.errors import Rejected
from campaigns.operations.watch import keep_beat
from campaigns.store import attendance, talks, viewings, webinars
from campaigns.store.engine import transaction
from campaigns.store.talks import Talk
from campaigns.store.viewings import Beat
from tests.factories import HOUR, MINUTE, World

TALK = 600


@pytest.fixture
def world(engine):
    return World(engine)


@pytest.fixture
def session(world):
    """A class of half an hour on our watch page, with a talk of ten minutes; it starts now, with its recording up."""
    world.clock.forward(minutes=-30)
    made = world.session(30 * MINUTE, replay_url="https://video.example/1")
    with transaction(world.engine) as db:
        talks.set_talk(db, made, Talk(media_url="/media/talk.mp4", talk_seconds=TALK))
    return made


@pytest.fixture
def sam(world, session):
    """Somebody with a place, who is there as it starts."""
    registration = world.registration(session)
    world.clock.forward(minutes=30)
    return registration


def beat(world, session, registration, *spans, issued=HOUR, shares=None):
    """A beat from a page opened so long ago; spans in whole seconds."""
    said = Beat(registration, session, world.clock() - issued, tuple((10 * a, 10 * b) for a, b in spans))
    with transaction(world.engine) as db:
        keep_beat(db, said, shares or Shares(), world.clock())


def seen(world, registration, mode="live"):
    return world.sql(
        "SELECT seen::text, seen_tenths, beats FROM viewing WHERE registration_id = :r AND mode = :m",
        r=registration, m=mode,
    )  # fmt: skip


def known(world, registration):
    row = world.sql(
        "SELECT attendance, attended_seconds, attendance_evidence FROM registration WHERE id = :r", r=registration
    )[0]
    return row.attendance, row.attended_seconds, row.attendance_evidence.get("completed")


def until(true):
    """Wait for what another thread brings about."""
    for _ in range(500):
        if true():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come about")


def test_beats_are_united_whatever_their_order_and_number(world, session, sam):
    for span in ((20, 30), (0, 10), (10, 20), (20, 30), (5, 25)):
        beat(world, session, sam, span)
    assert seen(world, sam) == [("{[0,300)}", 300, 5)]


def test_several_spans_may_come_in_one_beat(world, session, sam):
    beat(world, session, sam, (0, 10), (60, 70), (10, 12))
    assert seen(world, sam) == [("{[0,120),[600,700)}", 220, 1)]


def test_what_lies_beyond_the_talk_is_left_out_and_the_position_is_kept(world, session, sam):
    beat(world, session, sam, (590, 640))
    assert seen(world, sam) == [("{[5900,6000)}", 100, 1)]
    beat(world, session, sam, (640, 650))
    assert seen(world, sam) == [("{[5900,6000)}", 100, 2)]
    assert world.one("SELECT position FROM viewing") == 6500


def test_two_devices_at_once_make_one_row(world, session, sam):
    parts = [(10 * n, 10 * n + 10) for n in range(40)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda part: beat(world, session, sam, part), parts))
    assert seen(world, sam) == [("{[0,4000)}", 4000, 40)]
    assert known(world, sam)[0] == "attended"


def test_more_than_can_have_been_played_is_declined_and_nothing_is_written(world, session, sam):
    with pytest.raises(Rejected, match="more than can have been played"):
        beat(world, session, sam, (0, 600), issued=MINUTE)
    assert seen(world, sam) == []


def test_beats_pay_for_what_they_add_so_that_small_ones_in_a_row_win_nothing(world, session, sam):
    beat(world, session, sam, (0, 190), issued=MINUTE)
    with pytest.raises(Rejected, match="more than can have been played"):
        beat(world, session, sam, (190, 380), issued=MINUTE)
    assert seen(world, sam) == [("{[0,1900)}", 1900, 1)]
    beat(world, session, sam, (0, 190), issued=MINUTE)  # said again: costs nothing
    world.clock.forward(minutes=2)
    beat(world, session, sam, (190, 380), issued=3 * MINUTE)
    assert seen(world, sam) == [("{[0,3800)}", 3800, 3)]


def test_a_page_opened_later_pays_from_when_it_was_opened(world, session, sam):
    beat(world, session, sam, (0, 10))
    world.clock.forward(minutes=20)
    beat(world, session, sam, (10, 200), issued=MINUTE)
    with pytest.raises(Rejected, match="more than can have been played"):
        beat(world, session, sam, (200, 390), issued=MINUTE)


def test_an_hour_without_network_is_made_good_by_one_beat(world, session, sam):
    beat(world, session, sam, (0, 10), issued=timedelta(0))
    world.clock.forward(minutes=9)
    beat(world, session, sam, *((10 * n, 10 * n + 10) for n in range(1, 54)), issued=9 * MINUTE)
    assert seen(world, sam) == [("{[0,5400)}", 5400, 2)]


def test_presence_grows_from_left_early_to_attended_to_all_of_it(world, session, sam):
    beat(world, session, sam, (0, 30))
    assert known(world, sam) == ("left_early", 30, False)
    beat(world, session, sam, (30, 359))
    assert known(world, sam) == ("left_early", 30, False)
    beat(world, session, sam, (359, 360))
    assert known(world, sam) == ("attended", 360, False)
    beat(world, session, sam, (360, 575))
    assert known(world, sam) == ("attended", 575, True)
    assert world.one("SELECT attendance_evidence ->> 'by' FROM registration") == "watch"


def test_the_share_from_which_on_somebody_attended_is_the_settings(world, session, sam):
    beat(world, session, sam, (0, 60), shares=Shares(attended=0.1))
    assert known(world, sam)[0] == "attended"


def test_less_than_a_second_is_no_presence(world, session, sam):
    with transaction(world.engine) as db:
        keep_beat(db, Beat(sam, session, world.clock(), ((0, 9),)), Shares(), world.clock())
    assert known(world, sam) == ("unknown", None, None)


def test_a_beat_never_takes_presence_away(world, session, sam):
    world.sql("UPDATE registration SET attendance = 'attended', attendance_evidence = '{\"by\": \"list\"}'")
    beat(world, session, sam, (0, 10))
    assert known(world, sam) == ("attended", None, None)
    beat(world, session, sam, (0, 600))
    assert known(world, sam) == ("attended", 600, True)
    assert world.one("SELECT attendance_evidence ->> 'by' FROM registration") == "list"


@pytest.mark.parametrize(("minutes", "mode"), [(-15, "live"), (0, "live"), (44.9, "live"), (45, "replay")])
def test_our_clock_says_whether_it_is_with_the_class(world, session, sam, minutes, mode):
    world.clock.forward(minutes=minutes)
    beat(world, session, sam, (0, 500))
    assert world.one("SELECT mode FROM viewing") == mode
    assert known(world, sam)[0] == ("attended" if mode == "live" else "unknown")


@pytest.mark.parametrize(
    ("change", "minutes"),
    [
        ("UPDATE registration SET withdrawn_at = registered_at", 0),
        ("UPDATE webinar_session SET cancelled_at = starts_at, revision = 2", 0),
        ("UPDATE webinar_session SET media_url = ''", 0),
        ("UPDATE webinar_session SET room_url = 'https://room.example'", 0),
        ("SELECT 1", -15.1),
    ],
)
def test_what_cannot_be_watched_now_takes_no_beats(world, session, sam, change, minutes):
    world.sql(change)
    world.clock.forward(minutes=minutes)
    with pytest.raises(Rejected, match="cannot be watched here now"):
        beat(world, session, sam, (0, 10))
    assert seen(world, sam) == []


def test_a_ticket_of_another_session_is_worth_nothing(world, session, sam):
    with pytest.raises(Rejected, match="cannot be watched here now"):
        beat(world, world.session(), sam, (0, 10))


def test_the_recording_of_a_class_held_elsewhere_may_be_watched_afterwards(world, session, sam):
    world.sql("UPDATE webinar_session SET room_url = 'https://room.example'")
    world.clock.forward(minutes=45)
    beat(world, session, sam, (0, 10))
    assert seen(world, sam, "replay") == [("{[0,100)}", 100, 1)]


def test_late_evidence_takes_the_missed_letter_back_and_plans_the_thanks(world, session, sam):
    other = world.import_quietly(session)
    world.clock.forward(minutes=31)
    with transaction(world.engine) as db:
        attendance.miss_the_rest(db, session, {"by": "list"})
        webinars.finish_attendance(db, session, world.clock())
    world.plan()
    assert dict(world.ledger(sam))["N1"] == "planned"
    assert "A1" not in dict(world.ledger(sam))
    world.clock.forward(minutes=10)  # the class runs over
    beat(world, session, sam, (0, 500))
    world.live(world.clock() + 4 * HOUR)
    assert dict(world.ledger(sam))["N1"] == "skipped: other_audience"
    assert dict(world.ledger(sam))["A1"] == "sent"
    assert dict(world.ledger(other))["N1"] == "sent"


def test_evidence_in_time_leaves_the_plan_alone(world, session, sam):
    world.plan()
    beat(world, session, sam, (0, 500))
    assert world.one("SELECT planned_until IS NOT NULL FROM webinar_session WHERE id = :s", s=session)


def test_a_closing_under_way_is_waited_for_so_that_nobody_falls_between(world, session, sam):
    with ThreadPoolExecutor(1) as threads:
        with transaction(world.engine) as closing:
            webinars.session_for_change(closing, session)
            late = threads.submit(beat, world, session, sam, (0, 500))
            until(lambda: world.one("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"))
            attendance.miss_the_rest(closing, session, {"by": "watch"})
            webinars.finish_attendance(closing, session, world.clock())
        late.result(20)
    assert known(world, sam)[0] == "attended"


def test_where_somebody_left_is_kept_for_each_mode(world, session, sam):
    beat(world, session, sam, (0, 90))
    world.clock.forward(minutes=60)
    beat(world, session, sam, (90, 200))
    with transaction(world.engine) as db:
        found = [(one.mode.value, one.seconds, one.position) for one in viewings.viewings_of(db, sam)]
    assert found == [("replay", 110, 200), ("live", 90, 90)]
