"""Classes on our own page are closed by themselves once the doors have shut."""

import pytest

from campaigns.domain.watching import Shares
from campaigns.operations.close import close_sessions
from campaigns.operations.watch import keep_beat
from campaigns.store import talks
from campaigns.store.engine import transaction
from campaigns.store.talks import Talk
from campaigns.store.viewings import Beat
from tests.factories import DAY, HOUR, MINUTE, World


@pytest.fixture
def world(engine):
    return World(engine)


@pytest.fixture
def session(world):
    """A class of half an hour on our watch page that starts in an hour."""
    return here(world)


def here(world, ahead=HOUR, **facts):
    made = world.session(ahead, **{"replay_url": "https://video.example/1", **facts})
    with transaction(world.engine) as db:
        talks.set_talk(db, made, Talk(media_url="/media/talk.mp4", talk_seconds=600))
    return made


def watch(world, session, registration, seconds):
    with transaction(world.engine) as db:
        said = Beat(registration, session, world.clock() - HOUR, ((0, 10 * seconds),))
        keep_beat(db, said, Shares(), world.clock())


def close(world, shares=None):
    return close_sessions(world.engine, shares or Shares(), world.clock())


def found(world):
    rows = world.sql("SELECT id, attendance, attended_seconds FROM registration ORDER BY id")
    return {row.id: (row.attendance, row.attended_seconds) for row in rows}


def test_whoever_was_not_seen_missed_it_and_the_letters_follow(world, session):
    came, left, away = (world.registration(session) for _ in range(3))
    world.clock.forward(hours=1, minutes=10)
    watch(world, session, came, 500)
    watch(world, session, left, 60)
    world.clock.forward(minutes=35)
    assert close(world) == 1
    assert found(world) == {came: ("attended", 500), left: ("left_early", 60), away: ("missed", None)}
    world.live(world.clock() + 4 * HOUR)
    assert [dict(world.ledger(one)).get("A1") for one in (came, left, away)] == ["sent", "sent", None]
    assert [dict(world.ledger(one)).get("N1") for one in (came, left, away)] == [None, None, "sent"]


def test_it_is_put_on_record_once(world, session):
    world.registration(session)
    world.clock.forward(hours=2)
    assert [close(world), close(world)] == [1, 0]
    assert world.sql("SELECT act, subject, staff_id, detail FROM audit") == [
        ("attendance", f"session:{session}", None, {"unknown": 0, "attended": 0, "left_early": 0, "missed": 1})
    ]


@pytest.mark.parametrize(("minutes", "closed"), [(104, 0), (105, 1), (2 * 1440, 1), (2 * 1440 + 90, 0)])
def test_it_waits_until_the_doors_have_shut_and_not_for_ever(world, session, minutes, closed):
    world.registration(session)
    world.clock.forward(minutes=minutes)
    assert close(world) == closed


@pytest.mark.parametrize(
    "change",
    [
        "room_url = 'https://room.example'",
        "media_url = ''",
        "cancelled_at = starts_at, revision = 2",
        "attendance_final_at = ends_at",
    ],
)
def test_other_sessions_are_left_to_their_lists(world, session, change):
    world.registration(session)
    world.sql(f"UPDATE webinar_session SET {change}")
    world.clock.forward(hours=3)
    assert close(world) == 0
    assert [one[0] for one in found(world).values()] == ["unknown"]


def test_closing_judges_once_more_and_counts_all_that_was_seen(world, session):
    came = world.registration(session)
    world.clock.forward(hours=1)
    watch(world, session, came, 400)
    world.clock.forward(minutes=5)
    watch(world, session, came, 550)
    assert found(world)[came] == ("attended", 400)
    world.clock.forward(minutes=45)
    close(world, Shares(attended=0.5, completed=0.9))
    assert found(world)[came] == ("attended", 550)
    assert world.one("SELECT attendance_evidence ->> 'completed' FROM registration") == "true"


def test_each_session_is_closed_by_itself(world, session):
    other = here(world, HOUR + MINUTE)
    later = here(world, DAY)
    world.clock.forward(hours=3)
    assert close(world) == 2
    rows = world.sql("SELECT id FROM webinar_session WHERE attendance_final_at IS NOT NULL ORDER BY id")
    assert [row.id for row in rows] == [session, other]
    assert later not in [row.id for row in rows]
