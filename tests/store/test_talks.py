"""The talk of a session."""

import pytest

from campaigns.store import talks, webinars
from campaigns.store.engine import transaction
from campaigns.store.talks import Talk
from tests.factories import World


@pytest.fixture
def world(engine):
    return World(engine)


def test_a_session_begins_without_a_talk_and_keeps_the_one_it_is_given(world):
    session, other = world.session(), world.session()
    talk = Talk("/media/talk.mp4", "/media/talk.vtt", "One.\n\nTwo.", 580)
    with transaction(world.engine) as db:
        assert talks.talk_of(db, session) == Talk()
        talks.set_talk(db, session, talk)
        assert (talks.talk_of(db, session), talks.talk_of(db, other)) == (talk, Talk())
        row = webinars.read_session(db, session)
    assert (row.media_url, row.talk.total_seconds(), row.watched_here) == ("/media/talk.mp4", 580, True)
