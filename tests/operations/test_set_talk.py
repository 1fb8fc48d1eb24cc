"""What staff may show on the watch page, and what is declined."""

from datetime import timedelta
from email import message_from_bytes, policy

import pytest

from campaigns.domain.tokens import Links, Signer
from campaigns.domain.watching import Shares
from campaigns.errors import NotFound, Rejected
from campaigns.operations.set_talk import set_talk
from campaigns.operations.watch import keep_beat
from campaigns.store import talks, webinars
from campaigns.store.engine import transaction
from campaigns.store.talks import Talk
from campaigns.store.viewings import Beat
from tests.factories import HOUR, PUBLIC, World


@pytest.fixture
def world(engine):
    return World(engine)


@pytest.fixture
def staff_id(world):
    world.sql(
        "INSERT INTO staff (email, name, role, password_hash, created_at) VALUES ('a@b.example', 'A', 'admin', '-', now())"
    )
    return world.one("SELECT id FROM staff")


def put(world, staff_id, session, **talk):
    with transaction(world.engine) as db:
        set_talk(db, session, Talk(**talk), Shares(), staff_id=staff_id, now=world.clock())
        return talks.talk_of(db, session)


@pytest.mark.parametrize(
    "address",
    [
        "/media/talk.mp4",
        "https://media.example/talk.webm",
        "https://media.example:8443/live/talk.M3U8?token=a%20b&x=1",
    ],
)
def test_our_own_paths_and_https_addresses_are_taken(world, staff_id, address):
    assert put(world, staff_id, world.session(), media_url=f" {address} ").media_url == address


@pytest.mark.parametrize(
    "address",
    [
        "http://media.example/talk.mp4",
        "//media.example/talk.mp4",
        "javascript:alert(1)//.mp4",
        "https://user:secret@media.example/talk.mp4",
        "https://media.example;script-src/talk.mp4",
        "https://[/talk.mp4",
        "https:///talk.mp4",
        "/media/my talk.mp4",
        '/media/"talk.mp4',
        "/\\media.example/talk.mp4",
        "talk.mp4",
        "/" + "x" * 2000 + ".mp4",
    ],
)
def test_any_other_address_is_declined_at_its_field(world, staff_id, address):
    with pytest.raises(Rejected, match="https://, or a path of our own") as declined:
        put(world, staff_id, world.session(), media_url=address)
    assert declined.value.field == "media_url"


@pytest.mark.parametrize(
    ("field", "talk"),
    [
        ("media_url", {"media_url": "/media/talk.pdf"}),
        ("captions_url", {"media_url": "/media/talk.mp4", "captions_url": "/media/talk.srt"}),
        ("media_url", {"captions_url": "/media/talk.vtt"}),
        ("transcript", {"transcript": "bell \x07"}),
        ("transcript", {"transcript": "nul \x00"}),
        ("transcript", {"transcript": "x" * 200_001}),
        ("talk", {"talk_seconds": 0}),
        ("talk", {"talk_seconds": 8 * 3600 + 1}),
    ],
)
def test_a_fault_is_named_at_its_field_and_nothing_is_written(world, staff_id, field, talk):
    session = world.session()
    with pytest.raises(Rejected) as declined:
        put(world, staff_id, session, **talk)
    assert declined.value.field == field
    with transaction(world.engine) as db:
        assert talks.talk_of(db, session) == Talk()


def test_a_transcript_is_kept_as_paragraphs(world, staff_id):
    typed = "  One  line.\r\nAnother.\r\n\r\n\r\n\r\nA second\tparagraph. \r\n"
    assert put(world, staff_id, world.session(), transcript=typed).transcript == (
        "One line.\nAnother.\n\nA second paragraph."
    )


def test_it_is_put_on_record_without_the_words(world, staff_id):
    session = world.session()
    put(world, staff_id, session, media_url="/media/talk.mp4", transcript="Words.", talk_seconds=580)
    assert world.sql("SELECT act, subject, detail FROM audit") == [
        ("session talk set", f"session:{session}", {"video": True, "captions": False, "transcript": 6, "seconds": 580})
    ]


def test_a_talk_that_stays_as_it_was_is_not_put_on_record_again(world, staff_id):
    session = world.session()
    for _ in range(2):
        put(world, staff_id, session, media_url="/media/talk.mp4")
    assert world.one("SELECT count(*) FROM audit") == 1


def test_a_talk_that_turns_out_shorter_makes_those_who_saw_it_attend(world, staff_id):
    session = world.session(HOUR)
    sam = world.registration(session)
    put(world, staff_id, session, media_url="/media/talk.mp4")
    world.clock.forward(hours=1)
    with transaction(world.engine) as db:
        keep_beat(db, Beat(sam, session, world.clock() - HOUR, ((0, 5000),)), Shares(), world.clock())
        assert world.place(sam).attendance.value == "unknown"  # not yet committed
    assert world.place(sam).attendance.value == "left_early"
    with transaction(world.engine) as db:
        webinars.finish_attendance(db, session, world.clock())
    world.plan()
    world.clock.forward(minutes=1)
    put(world, staff_id, session, media_url="/media/talk.mp4", talk_seconds=580)
    assert world.place(sam).attendance.value == "attended"
    assert world.one("SELECT planned_until IS NULL FROM webinar_session WHERE id = :s", s=session)


def test_the_talk_lasts_as_long_as_the_session_unless_it_is_said(world, staff_id):
    session = world.session()
    with transaction(world.engine) as db:
        assert webinars.read_session(db, session).talk == timedelta(minutes=30)


def test_an_unknown_session_is_refused(world, staff_id):
    with pytest.raises(NotFound):
        put(world, staff_id, 99)


def test_mails_lead_each_to_their_own_watch_page_as_soon_as_there_is_a_recording(world, staff_id):
    session = world.session(HOUR)
    came, too = world.registration(session), world.registration(session)
    world.live(world.clock() + 2 * HOUR + timedelta(minutes=5))
    for one in (came, too):
        world.sql("UPDATE registration SET attendance = 'attended' WHERE id = :id", id=one)
    world.plan()
    assert ("A1", "sent") not in world.ledger(came)
    put(world, staff_id, session, media_url="/media/talk.mp4")
    world.tick()
    links = Links(PUBLIC, Signer((b"s" * 32,)))
    for one in (came, too):
        assert ("A1", "sent") in world.ledger(one)
        words = text_of(world, one, "A1")
        assert links.watch(one) in words
        assert "https://video" not in words


def test_a_recording_that_is_taken_away_again_is_waited_for_again(world, staff_id):
    session = world.session(HOUR)
    put(world, staff_id, session, media_url="/media/talk.mp4")
    mine = world.registration(session)
    world.sql("UPDATE registration SET attendance = 'attended' WHERE id = :id", id=mine)
    world.clock.forward(hours=1, minutes=31)
    world.plan()
    assert ("A1", "planned") in world.ledger(mine)
    put(world, staff_id, session)
    world.live(world.clock() + 3 * HOUR)
    assert ("A1", "sent") not in world.ledger(mine)


@pytest.mark.parametrize(
    ("room_url", "goes_on"), [("", "begins where you left"), ("https://room.example/1", "go straight to the part")]
)
def test_who_left_early_gets_the_rest_and_is_told_where_it_begins(world, staff_id, room_url, goes_on):
    session = world.session(HOUR, room_url=room_url)
    left = world.registration(session)
    put(world, staff_id, session, media_url="/media/talk.mp4")
    world.sql("UPDATE registration SET attendance = 'left_early' WHERE id = :id", id=left)
    world.live(world.clock() + 3 * HOUR)
    words = " ".join(text_of(world, left, "A1").split())
    assert "you left before the end" in words and goes_on in words
    assert Links(PUBLIC, Signer((b"s" * 32,))).watch(left) in words


@pytest.mark.parametrize(
    ("public", "published", "withdrawn", "told"),
    [(True, True, False, True), (False, True, False, False), (True, False, False, False), (True, True, True, False)],
)
def test_what_others_asked_is_spoken_of_only_where_it_can_be_read(world, staff_id, public, published, withdrawn, told):
    session = world.session(HOUR)
    left = world.registration(session)
    put(world, staff_id, session, media_url="/media/talk.mp4")
    world.sql("UPDATE registration SET attendance = 'left_early' WHERE id = :id", id=left)
    world.sql(
        "INSERT INTO doctor_answer (webinar_id, title, body, is_public, written_by, written_at, reviewed_by, published_at,"
        " withdrawn_at) VALUES (:webinar, 'Hills', 'Flat ground first.', :public, :staff, now(),"
        " CASE WHEN :published THEN :staff END, CASE WHEN :published THEN now() END, CASE WHEN :withdrawn THEN now() END)",
        webinar=world.webinar_id, staff=staff_id, public=public, published=published, withdrawn=withdrawn,
    )  # fmt: skip
    world.live(world.clock() + 3 * HOUR)
    words = " ".join(text_of(world, left, "A1").split())
    assert ("What others have asked" in words) is told


def text_of(world, registration, key):
    """The text part of somebody's message of a step."""
    delivery = world.delivery(registration, key)
    (seen,) = [one for one in world.email.seen if one.delivery_id == delivery.id]
    return message_from_bytes(seen.raw, policy=policy.default).get_body(("plain",)).get_content()
