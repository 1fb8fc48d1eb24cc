"""`/watch/{token}`: the talk on our own page, and the beats it sends."""

import re
from datetime import timedelta
from html import unescape

import pytest

from campaigns.domain.tokens import VIEWING
from campaigns.store import people, talks, webinars
from campaigns.store.engine import transaction
from campaigns.store.talks import Talk
from campaigns.web.pace import Pace

TALK = Talk("/media/talk.mp4", "/media/talk.vtt", "It carries load.\nAlways.\n\nIt <hardly> moves.", 580)
ROOM = "https://room.example/abc"


def put(house, talk=TALK, *, room="", replay="") -> str:
    """Give the class of the house a talk instead of its room; gives somebody's watch page."""
    with transaction(house.runtime.engine) as db:
        talks.set_talk(db, house.session_id, talk)
        webinars.set_links(db, house.session_id, room_url=room, replay_url=replay)
    return house.path(house.runtime.links.watch(house.place()))


def at(house, minutes) -> None:
    house.clock.now = house.starts_at + timedelta(minutes=minutes)


def ticket_of(house, path) -> str:
    return re.search('data-ticket="([^"]+)"', house.client.get(path).text)[1]


def beat(house, path, *spans, ticket="", **more):
    """Send what was played, with the ticket of a page opened now unless another is given."""
    form = {"from": [a for a, _ in spans], "to": [b for _, b in spans], **more}
    return house.client.post(f"{path}/beat", data={"ticket": ticket or ticket_of(house, path), **form})


def seen(house):
    with transaction(house.runtime.engine) as db:
        registration = db.exec_driver_sql("SELECT max(id) FROM registration").scalar_one()
        return db.exec_driver_sql(
            f"SELECT mode, seen::text, attendance FROM viewing v JOIN registration r ON r.id = v.registration_id"
            f" WHERE r.id = {registration} ORDER BY mode"
        ).all()


# The way in


def test_the_button_on_the_join_page_leads_here_while_the_doors_are_open(house):
    put(house)
    join = house.path(house.runtime.links.join(house.place()))
    assert house.client.post(join).status_code == 200
    at(house, -15)
    page = house.client.get(join).text
    assert "Enter the class" in page and "The room is being made ready" not in page
    answer = house.client.post(join)
    assert (answer.status_code, answer.headers["referrer-policy"]) == (303, "no-referrer")
    assert answer.headers["location"] == house.path(house.runtime.links.watch(house.place()))
    assert "<video" in house.client.get(answer.headers["location"]).text


def test_a_room_elsewhere_comes_first(house):
    path = put(house)
    at(house, 3)
    ticket = ticket_of(house, path)
    assert put(house, room=ROOM) == path
    assert house.client.post(house.path(house.runtime.links.join(house.place()))).headers["location"] == ROOM
    page = house.client.get(path).text
    assert "<video" not in page and "This class is not on this page" in page
    assert beat(house, path, ("0", "5"), ticket=ticket).status_code == 422


def test_after_the_class_the_recording_is_here_and_other_addresses_come_second(house):
    put(house, replay="https://video.example/1")
    place = house.place()
    at(house, 600)
    for link in (house.runtime.links.join(place), house.runtime.links.manage(place)):
        page = house.client.get(house.path(link)).text
        assert f'href="{house.path(house.runtime.links.watch(place))}"' in page
        assert "https://video.example/1" not in page


# The page


def test_ahead_of_the_doors_there_is_a_countdown_and_no_video(house):
    path = put(house)
    at(house, -40)
    page = house.client.get(path).text
    assert "The doors are closed" in page and "40 minutes" in page and "Look again" in page
    assert "<video" not in page and "talk.mp4" not in page and "It carries load" not in page


@pytest.mark.parametrize(("minutes", "words"), [(-15, "We start at 5:00"), (0, "just now"), (44.9, "44 minutes ago")])
def test_from_the_doors_on_the_talk_is_shown_with_captions_and_words(house, minutes, words):
    path = put(house)
    at(house, minutes)
    page = house.client.get(path).text
    video = re.search("<video[^>]*>", page)[0]
    assert "controls" in video and 'preload="metadata"' in video and 'src="/media/talk.mp4"' in video
    assert "autoplay" not in video and "crossorigin" not in video
    assert re.search('<track kind="captions" src="/media/talk.vtt"[^>]* default>', page)
    assert "It carries load.<br>Always.</p>" in page and "<p>It &lt;hardly&gt; moves.</p>" in page
    assert words in page


def test_a_recorded_talk_is_called_a_recording_and_never_live(house):
    path = put(house)
    for minutes in (0, 600):
        at(house, minutes)
        page = unescape(re.sub("<[^>]+>", " ", house.client.get(path).text))
        assert "Recording" in page
        assert not re.search(r"\blive\b", page, re.IGNORECASE)


def test_a_stream_is_called_neither_until_it_is_over(house):
    path = put(house, Talk("https://media.example/live.m3u8"))
    at(house, 0)
    assert "Recording</span>" not in house.client.get(path).text
    at(house, 45)
    assert "Recording</span>" in house.client.get(path).text


def test_only_the_places_of_video_and_captions_are_let_in(house):
    path = put(house, Talk("https://media.example:8443/talk.mp4", "https://words.example/talk.vtt"))
    at(house, 0)
    answer = house.client.get(path)
    policy = answer.headers["content-security-policy"].split("; ")
    assert "media-src 'self' https://media.example:8443 https://words.example" in policy
    assert "script-src 'self'" in policy and "default-src 'self'" in policy
    assert 'crossorigin="anonymous"' in answer.text
    at(house, -600)
    assert "media-src" not in house.client.get(path).headers["content-security-policy"]


def test_the_page_is_personal_and_opening_it_changes_nothing(house):
    path = put(house)
    at(house, 0)
    answer = house.client.get(path)
    assert answer.headers["cache-control"] == "no-store" and answer.headers["referrer-policy"] == "no-referrer"
    assert seen(house) == []


def test_the_recording_goes_on_where_somebody_left(house):
    path = put(house)
    at(house, 0)
    house.client.get(path)
    assert beat(house, path, ("0", "30"), ("200", "213.4")).status_code == 204
    at(house, 600)
    page = house.client.get(path).text
    assert 'src="/media/talk.mp4#t=213"' in page and "where you left, at 3:33" in page
    assert f'<a href="{path}?start=0">From the start</a>' in page
    assert 'src="/media/talk.mp4"' in house.client.get(f"{path}?start=0").text


def test_whoever_saw_it_to_the_end_begins_again(house):
    path = put(house)
    at(house, 0)
    assert beat(house, path, ("550", "575")).status_code == 204
    at(house, 600)
    assert 'src="/media/talk.mp4"' in house.client.get(path).text


def test_without_a_talk_the_page_says_so(house):
    path = put(house, Talk())
    at(house, 0)
    assert "This class is not on this page" in house.client.get(path).text
    at(house, 600)
    assert "There is no recording on this page" in house.client.get(path).text


def test_a_talk_without_words_or_captions_says_so(house):
    path = put(house, Talk("/media/talk.mp4"))
    at(house, 0)
    page = house.client.get(path).text
    assert "There is no transcript of this talk yet." in page and "<track" not in page


def test_cancelled_and_given_up_say_so_and_take_no_beats(house):
    path = put(house)
    at(house, 0)
    ticket = ticket_of(house, path)
    registration = house.place()
    with transaction(house.runtime.engine) as db:
        webinars.cancel_session(db, house.session_id, "The doctor is ill.", house.clock.now)
    assert "The doctor is ill." in house.client.get(path).text
    assert beat(house, path, ("0", "5"), ticket=ticket).status_code == 422
    with transaction(house.runtime.engine) as db:
        people.withdraw(db, registration, house.clock.now)
    page = house.client.get(path).text
    assert "You gave up your place" in page and "<video" not in page


@pytest.mark.parametrize("token", ["x", "AAAA", "j"])
def test_other_tokens_open_nothing(house, token):
    token = house.path(house.runtime.links.join(house.place())).removeprefix("/j/") if token == "j" else token
    assert house.client.get(f"/watch/{token}").status_code == 404
    answer = house.client.post(f"/watch/{token}/beat", data={"ticket": "", "from": "0", "to": "1"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/plain; charset=utf-8")


# Beats


def test_a_beat_is_kept_and_makes_somebody_present(house):
    path = put(house)
    at(house, 3)
    answer = beat(house, path, ("0", "10"))
    assert (answer.status_code, answer.content) == (204, b"")
    assert seen(house) == [("live", "{[0,100)}", "left_early")]


def test_after_the_class_it_is_the_recording_whatever_the_page_says(house):
    path = put(house)
    at(house, 45)
    assert beat(house, path, ("0", "10"), mode="live").status_code == 204
    assert seen(house) == [("replay", "{[0,100)}", "unknown")]


@pytest.mark.parametrize(
    ("spans", "said"),
    [
        ([], "A beat names"),
        ([("0", "x")], "in seconds of the talk"),
        ([("5", "5")], "greater than"),
        ([("0", "500")], "more than can have been played"),
    ],
)
def test_a_beat_that_claims_what_cannot_be_is_declined_in_one_plain_line(house, spans, said):
    path = put(house)
    at(house, 3)
    answer = beat(house, path, *spans)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "text/plain; charset=utf-8")
    assert said in answer.text and seen(house) == []


def test_a_ticket_is_for_one_person_and_one_day(house):
    path = put(house)
    at(house, 3)
    signer, registration = house.runtime.signer, house.place()
    issued = int(house.clock.now.timestamp())
    stranger = house.place(email="other@example.com")
    for ticket, status in (
        ("", 404),
        ("x", 404),
        (signer.sign(VIEWING, stranger, house.session_id, issued), 404),
        (signer.sign(VIEWING, registration, house.session_id, issued - 12 * 3600 - 1), 422),
        (signer.sign(VIEWING, registration, house.session_id, issued - 12 * 3600), 204),
    ):
        form = {"ticket": ticket, "from": "0", "to": "5"}
        assert house.client.post(f"{path}/beat", data=form).status_code == status, ticket


def test_a_beat_from_another_site_is_refused(house):
    path = put(house)
    at(house, 3)
    form = {"ticket": ticket_of(house, path), "from": "0", "to": "5"}
    answer = house.client.post(f"{path}/beat", data=form, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert seen(house) == []


def test_too_many_beats_are_put_off(house, monkeypatch):
    path = put(house)
    at(house, 3)
    monkeypatch.setattr(house.client.app.state, "beats", Pace(2, lambda: 0.0))
    assert [beat(house, path, ("0", "5")).status_code for _ in range(3)] == [204, 204, 429]
    assert beat(house, path, ("0", "5")).headers["retry-after"] == "61"
