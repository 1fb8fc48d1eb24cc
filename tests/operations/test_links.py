"""The recording unlocks what waited for it; an address that is none is refused."""

import pytest

from campaigns.errors import NotFound, Rejected
from campaigns.operations.links import set_links
from campaigns.store.engine import transaction
from tests.factories import HOUR, World


@pytest.fixture
def world(own_engine):
    return World(own_engine)


@pytest.fixture
def staff_id(world):
    world.sql(
        "INSERT INTO staff (email, name, role, password_hash, created_at) VALUES ('a@b.example', 'A', 'admin', '-', now())"
    )
    return world.one("SELECT id FROM staff")


def links(world, session, staff_id, room="", replay=""):
    with transaction(world.engine) as db:
        set_links(db, session, room_url=room, replay_url=replay, staff_id=staff_id, now=world.clock())


def test_the_recording_brings_the_thanks_forward(world, staff_id):
    session = world.session(2 * HOUR)
    registration = world.registration(session)
    world.live(world.clock() + 2 * HOUR + HOUR)
    world.sql("UPDATE registration SET attendance = 'attended' WHERE id = :id", id=registration)
    world.sql(
        "UPDATE webinar_session SET attendance_final_at = ends_at, planned_until = NULL WHERE id = :id", id=session
    )
    world.live(world.clock() + 3 * HOUR)
    assert "A1" not in dict(world.ledger(registration))
    links(world, session, staff_id, replay="https://video.example/1")
    world.live(world.clock() + HOUR)
    assert dict(world.ledger(registration))["A1"] == "sent"


def test_a_recording_planned_for_a_day_later_is_planned_anew(world, staff_id):
    session = world.session(HOUR)
    registration = world.registration(session)
    world.live(world.clock() + 20 * HOUR, step=HOUR)
    world.sql("UPDATE registration SET attendance = 'attended' WHERE id = :id", id=registration)
    world.sql(
        "UPDATE webinar_session SET attendance_final_at = ends_at, planned_until = NULL WHERE id = :id", id=session
    )
    world.plan()
    before = world.delivery(registration, "A1").due_at
    links(world, session, staff_id, replay="https://video.example/1")
    world.plan()
    assert world.delivery(registration, "A1").due_at < before


@pytest.mark.parametrize(
    "address", ["room", "ftp://room.example", "https://", "https://a b.example", "https://a.example/" + "x" * 2000]
)
def test_an_address_that_is_none_is_refused(world, staff_id, address):
    session = world.session()
    with pytest.raises(Rejected, match="full web address"):
        links(world, session, staff_id, room=address)


def test_an_unknown_session_is_refused(world, staff_id):
    with pytest.raises(NotFound):
        links(world, 99, staff_id)
