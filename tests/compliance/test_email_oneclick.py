"""Requirements 4 to 6: one click stops at once and whoever clicks twice, a token is of use to nobody else, a scanner stops nothing."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import contextmanager
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from campaigns.domain.steps import Channel, Purpose
from campaigns.domain.tokens import Links, Signer
from campaigns.runtime import build
from campaigns.settings import read_settings
from campaigns.web.app import create_app
from tests.compliance.mailing import Mailing, mailing
from tests.compliance.test_email_headers import one_click_target
from tests.factories import DAY, HOUR, LESSONS, MINUTE, OFFERS, PUBLIC, SERVICE_TEXTS
from tests.servers.smtp_server import Store

BODY = {"List-Unsubscribe": "One-Click"}
CLICKS = {
    "multipart": {"files": {"List-Unsubscribe": (None, "One-Click")}},
    "urlencoded": {"data": BODY},
    "as Gmail sends it": {
        "content": b"List-Unsubscribe=One-Click",
        "headers": {"content-type": "application/x-www-form-urlencoded", "user-agent": "Google-Unsubscribe"},
    },
    "from another site": {"data": BODY, "headers": {"origin": "https://mail.example", "sec-fetch-site": "cross-site"}},
    "empty": {"content": b""},
}
SECRET, NEWER = "s" * 32, "a newer secret of thirty-two characters"


def target(post: Mailing, recipient: str = "sam1@example.com") -> str:
    """The address in the newest message that somebody got, as their mail program calls it."""
    return one_click_target(post.got(recipient)[-1].raw)


def told(post: Mailing) -> tuple[int, ...]:
    """How much is on record about who wants what."""
    return tuple(post.one(f"SELECT count(*) FROM {table}") for table in ("suppression", "consent", "permission"))


def reader(post: Mailing) -> str:
    """Somebody who gets the class's emails and the short reads, and just got the confirmation; the address to click."""
    post.registration(post.session(), LESSONS, OFFERS)
    post.work()
    return target(post)


# 4: the endpoint


@pytest.mark.parametrize("click", CLICKS.values(), ids=CLICKS)
def test_e04_one_click_stops_at_once_and_again_changes_nothing(post: Mailing, door, click) -> None:
    address = reader(post)
    for _ in range(3):
        door.cookies.clear()
        answer = door.post(address, **click)
        assert (answer.status_code, answer.history, dict(answer.cookies)) == (200, [], {})
        assert "location" not in answer.headers and len(answer.text) < 200
        assert post.suppressions() == {("email", "sam1@example.com", "service", "unsubscribed")}
        assert post.one("SELECT count(*) FROM suppression") == 1
    assert post.one("SELECT source FROM suppression") == "one_click"


def test_e04_it_stops_the_kind_of_the_message_it_stood_in_and_is_on_record(post: Mailing, door) -> None:
    reader(post)
    post.live(post.clock() + 27 * HOUR, step=9 * HOUR)
    door.post(target(post), **CLICKS["as Gmail sends it"])
    assert post.suppressions() == {("email", "sam1@example.com", "education", "unsubscribed")}
    (no,) = post.sql("SELECT channel, purpose, address, means FROM consent WHERE NOT granted")
    assert tuple(no) == ("email", "education", "sam1@example.com", "one_click")


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "PROPFIND"])
def test_e04_looking_at_the_address_changes_nothing(post: Mailing, door, method: str) -> None:
    address = reader(post)
    before = told(post)
    answers = [door.request(method, address + more) for more in ("", "?done=email-service", "?undone=email-education")]
    assert told(post) == before
    assert post.suppressions() == set()
    assert {answer.status_code for answer in answers} == ({200} if method in ("GET", "HEAD") else {405})


def test_e04_the_page_has_a_form_with_a_choice_and_one_button(post: Mailing, door) -> None:
    shown = door.get(reader(post)).text
    assert '<form method="post"' in shown and 'value="everything"' in shown and shown.count('type="radio"') == 2
    assert "sam1@example.com" not in shown


def test_e04_a_mail_provider_that_clicks_for_hundreds_is_never_slowed_down(post: Mailing, door) -> None:
    session = post.session()
    ours = Links(PUBLIC, Signer((SECRET.encode(),)))
    addresses = [ours.stop(post.import_quietly(session), Channel.EMAIL, Purpose.SERVICE) for _ in range(150)]
    assert {door.post(address, data=BODY).status_code for address in addresses} == {200}
    assert len(post.suppressions()) == 150


# 5: tokens


def test_e05_one_flipped_bit_is_not_found_and_stops_nobody(post: Mailing, door) -> None:
    address = reader(post)
    front, _, token = address.rpartition("/")
    raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for bit in range(len(raw) * 8):
        other = bytearray(raw)
        other[bit // 8] ^= 1 << bit % 8
        written = urlsafe_b64encode(bytes(other)).rstrip(b"=").decode()
        assert door.post(f"{front}/{written}", data=BODY).status_code == 404, bit
    assert post.one("SELECT count(*) FROM suppression") == 0
    assert door.post(address, data=BODY).status_code == 200


def test_e05_neither_another_spelling_nor_a_token_for_something_else_counts(post: Mailing, door) -> None:
    address = reader(post)
    front, _, token = address.rpartition("/")
    ours = Links(PUBLIC, Signer((SECRET.encode(),)))
    theirs = Links(PUBLIC, Signer((b"x" * 32,)))
    others = [ours.manage(1), ours.join(1), theirs.stop(1, Channel.EMAIL, Purpose.SERVICE)]
    spelt = [token[:-1], token + "A", token + "=", token + "%3D", token.swapcase(), "", "..", "%00", "é", "A" * 5000]
    for written in [*spelt, *(other.rpartition("/")[2] for other in others)]:
        assert door.post(f"{front}/{written}", data=BODY).status_code in (404, 405), written
    assert post.one("SELECT count(*) FROM suppression") == 0


def test_e05_a_token_holds_no_address(post: Mailing, door) -> None:
    address = reader(post)
    token = address.rpartition("/")[2]
    raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for secret in (b"sam1", b"example", b"Sam"):
        assert secret not in raw and secret.decode() not in address.removeprefix(PUBLIC)
        assert secret.hex() not in token
    post.sql("UPDATE registrant SET email = 'other@example.net', first_name = 'Ada'")
    ours = Links(PUBLIC, Signer((SECRET.encode(),)))
    assert ours.stop(post.one("SELECT id FROM registration"), Channel.EMAIL, Purpose.SERVICE) == address


def test_e05_a_link_of_years_ago_still_stops_after_the_secret_has_changed_twice(post: Mailing, tmp_path) -> None:
    address = reader(post)
    post.clock.now += 3 * 365 * DAY
    for former, status in (("", 404), (f"another {NEWER}", 404), (f"another {NEWER},{SECRET}", 200)):
        with opened(str(post.engine.url.render_as_string(hide_password=False)), tmp_path, NEWER, former) as door:
            assert door.post(address, data=BODY).status_code == status
        assert bool(post.suppressions()) is (status == 200)


# 6: how soon it counts


def test_e06_what_is_due_a_second_later_is_never_delivered(post: Mailing, door) -> None:
    address, mine = waiting_reader(post)
    assert post.due(mine, "D1") == post.clock() + timedelta(seconds=1)
    assert door.post(address, data=BODY).status_code == 200
    post.later(seconds=1)
    post.live(post.clock() + HOUR)
    assert len(post.server.messages) == 1  # the confirmation, from before
    assert dict(post.ledger(mine))["D1"].startswith("skipped")


def test_e06_without_the_click_it_is_delivered(post: Mailing) -> None:
    waiting_reader(post)
    post.later(seconds=1)
    assert len(post.got("sam1@example.com")) == 2


def test_e06_what_a_worker_has_been_called_for_is_never_delivered(post: Mailing, door) -> None:
    address, mine = waiting_reader(post)
    post.clock.forward(seconds=1)
    assert post.dispatch() == 1
    assert dict(post.ledger(mine))["D1"] == "queued"
    door.post(address, data=BODY)
    assert post.answer_bells() == 0
    assert len(post.server.messages) == 1
    assert dict(post.ledger(mine))["D1"].startswith("skipped")


def test_e06_what_waits_behind_another_message_in_the_same_batch_is_never_delivered(engine, door) -> None:
    with mailing(engine) as post:
        session = post.session()
        first, second = (post.registration(session) for _ in range(2))
        ours = Links(PUBLIC, Signer((SECRET.encode(),)))
        store = Clicking(post.clock, lambda: door.post(ours.stop(second, Channel.EMAIL, Purpose.SERVICE), data=BODY))
        post.server.store = store
        assert post.work() == 1
        post.work()
        assert [one.recipient for one in store.messages] == ["sam1@example.com"]
        assert [post.ledger(one) for one in (first, second)] == [[("C0", "sent")], [("C0", "skipped: suppressed")]]


def test_e06_a_stop_of_everything_on_the_page_counts_as_soon(post: Mailing, door) -> None:
    address, _ = waiting_reader(post)
    answer = door.post(f"{address}/choose", data={"scope": "everything"})
    assert answer.status_code == 303
    post.later(seconds=1)
    post.live(post.clock() + HOUR, step=30 * MINUTE)
    assert len(post.server.messages) == 1


class Clicking(Store):
    """A store beside which, while the first message arrives, somebody clicks."""

    def __init__(self, clock, click) -> None:
        super().__init__(clock=clock)
        self.click = click

    def add(self, *facts) -> None:
        super().add(*facts)
        if self.count == 1:
            assert self.click().status_code == 200


def waiting_reader(post: Mailing) -> tuple[str, int]:
    """Somebody for whom a short read is due in a second; the address that stops the reads, and the registration."""
    mine = post.registration(post.session(), LESSONS, SERVICE_TEXTS)
    post.work()
    ours = Links(PUBLIC, Signer((SECRET.encode(),)))
    post.clock.now += 20 * HOUR
    post.plan()
    post.sql(
        "UPDATE delivery SET due_at = :at WHERE step_id = (SELECT id FROM step WHERE key = 'D1')",
        at=post.clock() + timedelta(seconds=1),
    )
    return ours.stop(mine, Channel.EMAIL, Purpose.EDUCATION), mine


@contextmanager
def opened(database_url: str, folder, secret: str = SECRET, former: str = ""):
    """The real application, as a mail provider's servers reach it."""
    settings = read_settings(
        database_url=database_url, secret=secret, former_secrets=former, public_url=PUBLIC, data_dir=folder
    )
    with (
        build(settings, pool_size=2) as runtime,
        TestClient(create_app(runtime), base_url=PUBLIC, follow_redirects=False) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def door(database_url, tmp_path_factory):
    with opened(database_url, tmp_path_factory.mktemp("data")) as client:
        yield client


@pytest.fixture
def post(engine, door):
    with mailing(engine) as world:
        yield world
