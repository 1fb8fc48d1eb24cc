"""Which words go out where one channel stays here and another does not."""

from campaigns.domain.steps import Channel
from campaigns.operations.approve import approve_for_demonstration
from campaigns.operations.claims import reach_of
from campaigns.operations.going import channel_of, going_here
from campaigns.store.engine import transaction
from tests.factories import NOON, World

MAIL, TEXT = "is-it-your-si-joint", "starts-soon-sms"


def test_each_message_goes_by_the_approvals_that_count_on_its_own_channel(engine):
    world = World(engine)
    admin = world.member("admin", "Ada Min")
    read = {name: world.reworded(name) for name in (MAIL, TEXT)}
    shown = {name: world.reworded(name, doctor=False) for name in (MAIL, TEXT)}
    with transaction(engine) as db:
        for name, version in shown.items():
            approve_for_demonstration(db, name, version, member=admin, now=NOON)
        for captures, mail, text in (
            ((), read, read),
            ((Channel.EMAIL,), shown, read),
            ((Channel.SMS,), read, shown),
            (tuple(Channel), shown, shown),
        ):
            going = going_here(db, captures)
            assert (going[MAIL], going[TEXT]) == (mail[MAIL], text[TEXT])


def test_a_claim_reaches_what_goes_out_on_each_channel(engine):
    world = World(engine)
    admin = world.member("admin", "Ada Min")
    world.reworded(MAIL)
    silent = world.reworded(MAIL, doctor=False)
    world.sql("DELETE FROM version_claim WHERE template_version_id = :id", id=silent)
    with transaction(engine) as db:
        approve_for_demonstration(db, MAIL, silent, member=admin, now=NOON)
        assert MAIL in reach_of(db, "two-joints", (Channel.SMS,)).going
        assert MAIL not in reach_of(db, "two-joints", (Channel.EMAIL,)).going


def test_what_cannot_be_read_is_taken_for_an_email():
    assert channel_of("x", 'channel = "sms"') is Channel.EMAIL
