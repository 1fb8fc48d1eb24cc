"""The watch page in Chromium: it plays, says what was played, loses nothing, and works without script."""

import io
import wave
from datetime import timedelta
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import expect

from campaigns.store import talks, webinars
from campaigns.store.engine import transaction
from campaigns.store.talks import Talk

pytestmark = pytest.mark.browser

WORDS = "There are two of them, one on each side.\n\nThe joint hardly moves. Its job is to carry load."
CAPTIONS = "WEBVTT\n\n00:00.000 --> 00:59.000\nThe joint hardly moves.\n"


@pytest.fixture
def path(house):
    """Somebody's watch page; the class has just begun."""
    with transaction(house.runtime.engine) as db:
        talks.set_talk(db, house.session_id, Talk("/media/talk.mp4", "/media/talk.vtt", WORDS, 60))
        webinars.set_links(db, house.session_id, room_url="", replay_url="")
    found = house.path(house.runtime.links.watch(house.place()))
    house.clock.now = house.starts_at
    return found


def minute_of_silence() -> bytes:
    """A minute that every browser can play: what matters here is time, not pictures."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(b"\x80" * 8000 * 60)
    return file.getvalue()


def serve_video(route) -> None:
    """As a file server does it: in parts, or players could not jump."""
    whole = minute_of_silence()
    begins, _, ends = route.request.headers.get("range", "bytes=0-").removeprefix("bytes=").partition("-")
    last = int(ends) if ends else len(whole) - 1
    headers = {"content-range": f"bytes {begins}-{last}/{len(whole)}", "accept-ranges": "bytes"}
    route.fulfill(status=206, body=whole[int(begins) : last + 1], content_type="audio/wav", headers=headers)


def opened(reader, path, **how):
    page = reader.page(**how)
    page.route("**/media/talk.mp4", serve_video)
    page.route("**/media/talk.vtt", lambda route: route.fulfill(body=CAPTIONS, content_type="text/vtt"))
    page.goto(path)
    return page


def now_at(page) -> float:
    """Where the video stands, in seconds."""
    return page.evaluate("document.querySelector('video').currentTime")


def play(page, seconds: float) -> None:
    page.evaluate("document.querySelector('video').muted = true")
    page.evaluate("document.querySelector('video').play()")
    until(page, lambda: now_at(page) > seconds)


def seen(house) -> list[int]:
    """Tenths of a second that the ledger knows of, one number for each row."""
    with transaction(house.runtime.engine) as db:
        rows = db.exec_driver_sql(
            f"SELECT v.seen_tenths FROM viewing v JOIN registration r ON r.id = v.registration_id"
            f" WHERE r.session_id = {house.session_id}"
        )
        return [row[0] for row in rows]


def until(page, true) -> None:
    # Not wait_for_function: it evaluates a string, which our content policy forbids.
    for _ in range(200):
        if true():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it did not come about")


def test_watch_in_every_state(house, reader, check, path):
    for name, minutes in (("early", -40), ("doors", -8), ("running", 3), ("over", 600)):
        house.clock.now = house.starts_at + timedelta(minutes=minutes)
        check(opened(reader, path), name)


def test_watch_of_a_cancelled_class(house, reader, check, path):
    with transaction(house.runtime.engine) as db:
        webinars.cancel_session(db, house.session_id, "The doctor is ill.", house.clock.now)
    check(opened(reader, path))


def test_what_was_played_is_known_as_soon_as_it_is_paused(house, reader, path):
    page = opened(reader, path)
    play(page, 2)
    page.evaluate("document.querySelector('video').pause()")
    until(page, lambda: seen(house) and seen(house)[0] >= 20)
    assert seen(house)[0] <= 10 * now_at(page) + 1


def test_what_was_jumped_over_is_not_seen(house, reader, path):
    page = opened(reader, path)
    play(page, 1)
    page.evaluate("document.querySelector('video').currentTime = 40")
    until(page, lambda: now_at(page) > 41)
    page.evaluate("document.querySelector('video').pause()")
    until(page, lambda: seen(house) and seen(house)[0] >= 15)
    assert seen(house)[0] < 100


def test_what_could_not_be_sent_goes_once_the_page_is_there_again(house, reader, path):
    page = opened(reader, path)
    page.route("**/beat", lambda route: route.fulfill(status=429))
    play(page, 2)
    page.evaluate("document.querySelector('video').pause()")
    page.wait_for_timeout(300)
    assert seen(house) == []
    kept = page.evaluate("Object.values(sessionStorage)[0]")
    assert '"from":0' in kept
    page.unroute("**/beat")
    page.reload()
    until(page, lambda: seen(house) and seen(house)[0] >= 19)
    until(page, lambda: page.evaluate("Object.values(sessionStorage)[0]") == "[]")


def test_a_page_that_is_left_says_so_at_once(house, reader, path):
    page = opened(reader, path)
    play(page, 2)
    page.goto("about:blank")
    until(page, lambda: seen(house) and seen(house)[0] >= 15)


def test_a_beat_names_spans_and_the_ticket_and_nothing_else(reader, path):
    page = opened(reader, path)
    sent = []
    page.on("request", lambda request: sent.append(request.post_data) if request.url.endswith("/beat") else None)
    play(page, 1)
    page.evaluate("document.querySelector('video').pause()")
    until(page, lambda: sent)
    assert set(parse_qs(sent[0])) == {"ticket", "from", "to"}


def test_captions_are_on_and_the_player_is_reached_by_keyboard(reader, path):
    page = opened(reader, path)
    until(page, lambda: page.evaluate("document.querySelector('video').textTracks[0].mode") == "showing")
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('video')"):
            break
    page.evaluate("document.querySelector('video').muted = true")
    page.keyboard.press("Space")
    until(page, lambda: not page.evaluate("document.querySelector('video').paused"))


def test_the_recording_begins_where_somebody_left_and_words_stand_below_without_script(house, reader, path):
    page = opened(reader, path)
    play(page, 3)
    page.evaluate("document.querySelector('video').pause()")
    until(page, lambda: seen(house))
    house.clock.now = house.starts_at + timedelta(hours=10)
    bare = opened(reader, path, script=False)
    expect(bare.get_by_text("It begins where you left, at 0:0")).to_be_visible()
    expect(bare.get_by_text("Its job is to carry load.")).to_be_visible()
    bare.get_by_role("link", name="From the start").click()
    expect(bare.get_by_text("It begins where you left")).to_have_count(0)
