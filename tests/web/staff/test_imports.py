"""Lists from outside, in the browser: upload, look, press once."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from campaigns.operations import sign_in
from campaigns.runtime import Runtime, build
from campaigns.settings import read_settings
from campaigns.store import webinars
from campaigns.store.engine import transaction
from campaigns.web.app import create_app

NOW = datetime(2027, 3, 1, 17, 0, tzinfo=UTC)
STARTS = NOW + timedelta(days=10, hours=6)
PASSWORD = "a long enough password"
LIST = (
    "email,first_name,phone,zone\n"
    "ana@example.org,Ana,(207) 555-0142,America/Chicago\n"
    "bo@example.org,Bo,,\n"
    "sofia@,<script>alert(1)</script>,,Central\n"
)
CAME = "email,minutes\nana@example.org,30\nguest@example.org,30\nbroken@,1\n"


def test_nobody_gets_in_without_signing_in(desk: Any) -> None:
    desk.client.cookies.clear()
    answer = desk.client.get("/staff/imports")
    assert (answer.status_code, answer.headers["location"]) == (303, "/staff/sign-in?next=/staff/imports")


def test_a_list_is_looked_at_first_and_nothing_is_saved(desk: Any) -> None:
    page = desk.follow(desk.upload("import", LIST, confirm="yes"))
    assert "Add 2 people, leave out 1" in page
    assert "Check of people.csv" in page
    assert desk.places() == []
    assert "There is nothing after the @ yet." in page
    assert "This time zone is not known." in page
    assert "&lt;script&gt;" in page
    assert "<script>" not in page


def test_pressing_the_button_adds_exactly_what_was_shown(desk: Any) -> None:
    page = desk.follow(desk.upload("import", LIST, confirm="no"))
    answer = desk.press(page, confirm="no")
    assert answer.headers["location"] == "/staff/imports?done=registrants"
    page = desk.follow(answer)
    assert "2 people are in." in page
    assert "without confirmations" in page
    assert desk.places("source || confirm") == ["importfalse"] * 2
    assert list(desk.folder.iterdir()) == []


def test_other_choices_lead_to_new_numbers_before_anything_is_saved(desk: Any) -> None:
    page = desk.follow(desk.upload("import", LIST, confirm="no"))
    answer = desk.press(page, confirm="yes")
    assert answer.status_code == 409
    assert "has changed since it was checked" in answer.text
    assert desk.places() == []


def test_other_choices_can_be_checked_first(desk: Any) -> None:
    page = desk.follow(desk.upload("import", LIST, confirm="no"))
    page = desk.follow(desk.press(page, act="check", confirm="yes"))
    assert "2 confirmations go out at once." in page
    assert desk.press(page, confirm="yes").status_code == 303
    assert len(desk.places()) == 2


def test_a_choice_that_is_none_is_said_at_its_field(desk: Any) -> None:
    page = desk.follow(desk.upload("import", LIST, confirm="no"))
    for act in ("check", "apply"):
        answer = desk.press(page, act=act, confirm="perhaps")
        assert answer.status_code == 422
        assert "Say whether confirmations go out." in answer.text


def test_a_session_that_fills_up_meanwhile_takes_nobody(desk: Any) -> None:
    page = desk.follow(desk.upload("import", LIST, confirm="yes"))
    desk.query("UPDATE webinar_session SET capacity = 1 WHERE id = :session RETURNING 1")
    answer = desk.press(page, confirm="yes")
    assert answer.status_code == 422
    assert "has 1 places left" in answer.text
    assert desk.places() == []


def test_pressing_twice_adds_once(desk: Any) -> None:
    page = desk.follow(desk.upload("import", LIST, confirm="yes"))
    assert [desk.press(page, confirm="yes").status_code for _ in range(2)] == [303, 404]
    assert len(desk.places()) == 2


@pytest.mark.parametrize(
    ("sent", "field", "sentence"),
    [
        ({"file": None}, "registrants-file", "Choose a CSV file."),
        ({"session": ""}, "registrants-session", "Choose a session."),
        ({"session": "9" * 30}, "registrants-session", "Choose a session."),
        ({"session": "99999999"}, "registrants-session", "There is no such session."),
        ({"listed": "name\nAna\n"}, "registrants-file", "The heading lacks the column “email”."),
        (
            {"listed": "email,first_name\na@example.org,Zo\xeb\n".encode("latin-1")},
            "registrants-file",
            "is not UTF-8 text",
        ),
        ({"confirm": ""}, "registrants-confirm", "Say whether confirmations go out."),
    ],
)
def test_a_list_that_cannot_be_taken_is_answered_at_its_field(
    desk: Any, sent: dict[str, Any], field: str, sentence: str
) -> None:
    answer = desk.upload("import", **{"listed": LIST, "confirm": "yes", **sent})
    assert answer.status_code == 422
    assert re.search(rf'id="{field}-wrong">.*?{re.escape(sentence)}', answer.text, re.DOTALL)
    assert not desk.folder.exists() or list(desk.folder.iterdir()) == []


def test_a_list_can_be_thrown_away(desk: Any) -> None:
    page = desk.follow(desk.upload("import", LIST, confirm="yes"))
    answer = desk.press(page, act="forget")
    assert answer.headers["location"] == "/staff/imports"
    assert list(desk.folder.iterdir()) == []


def test_problems_can_be_downloaded_without_a_formula_in_them(desk: Any) -> None:
    token = desk.token(desk.upload("import", LIST + "=cmd@example.org,Eve,,\n", confirm="yes"))
    answer = desk.client.get(f"/staff/imports/{token}/problems.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0] == "row,column,cell,what to do"
    assert len(lines) == 5
    assert lines[-1].startswith("5,email,'=cmd@example.org,")


def test_remarks_are_shown_apart(desk: Any) -> None:
    token = desk.token(desk.upload("import", LIST + "Ana@example.org,Ana,,\n", confirm="yes"))
    page = desk.client.get(f"/staff/imports/{token}?show=remarks").text
    assert "This address stands in row 2 already." in page


def test_somebody_elses_list_is_not_there(desk: Any) -> None:
    token = desk.token(desk.upload("import", LIST, confirm="yes"))
    desk.sign_in("admin")
    assert desk.client.get(f"/staff/imports/{token}").status_code == 404


def test_who_may_not_edit_sees_no_form_and_takes_no_list(desk: Any) -> None:
    token = desk.token(desk.upload("import", LIST, confirm="yes"))
    desk.sign_in("operations")
    assert "Only marketing and admin may bring in lists." in desk.client.get("/staff/imports").text
    assert desk.upload("import", LIST, confirm="yes").status_code == 403
    assert desk.client.get(f"/staff/imports/{token}").status_code == 403


def test_a_form_without_our_token_changes_nothing(desk: Any) -> None:
    answer = desk.client.post("/staff/imports/import", data={"csrf": "x"}, files={"file": ("a.csv", LIST)})
    assert answer.status_code == 403


def test_a_session_that_is_gone_is_said(desk: Any) -> None:
    token = desk.token(desk.upload("import", LIST, confirm="yes"))
    desk.query("DELETE FROM webinar_session WHERE id = :session RETURNING 1")
    answer = desk.client.get(f"/staff/imports/{token}")
    assert answer.status_code == 404
    assert "The session of this list is gone." in answer.text


def test_attendance_is_looked_at_and_then_written_down(desk: Any) -> None:
    desk.bring_in(LIST)
    desk.after_the_session()
    page = desk.follow(desk.upload("attendance", CAME, final="yes"))
    assert "Write down 1 person, call it final" in page
    assert "guest@example.org" in page
    assert desk.places("attendance") == ["unknown"] * 2
    answer = desk.press(page, final="yes")
    assert answer.headers["location"] == "/staff/imports?done=attendance"
    page = desk.follow(answer)
    assert "Attendance is written down." in page
    assert "1 attended, 0 left early, 1 missed, final; 1 row matched nobody" in page
    assert desk.places("attendance") == ["attended", "missed"]
    assert desk.query("SELECT attendance_final_at IS NOT NULL FROM webinar_session WHERE id = :session") == [(True,)]


def test_attendance_before_its_time_shows_why_not(desk: Any) -> None:
    desk.bring_in(LIST)
    page = desk.follow(desk.upload("attendance", CAME))
    assert "This session has not begun." in page
    assert "Write down" not in page
    answer = desk.press(page)
    assert answer.status_code == 422
    assert desk.places("attendance") == ["unknown"] * 2


@pytest.mark.parametrize("talk", ["ten", "0", "601", "9999999999"])
def test_a_talk_has_a_length_in_minutes(desk: Any, talk: str) -> None:
    answer = desk.upload("attendance", CAME, talk=talk)
    assert answer.status_code == 422
    assert "Write the length of the talk in whole minutes" in answer.text


def test_the_share_is_taken_of_the_talk(desk: Any) -> None:
    desk.bring_in(LIST)
    desk.after_the_session()
    listed = "email,minutes\nana@example.org,7\n"
    assert "<b>1</b>came, below 60" in desk.follow(desk.upload("attendance", listed))
    assert "<b>1</b>of 2 who hold" in desk.follow(desk.upload("attendance", listed, talk="10"))


class Desk:
    """A member of staff at a browser, and a session of their own."""

    logins: ClassVar[dict[str, str]] = {}
    """By role: signing in takes time on purpose."""

    def __init__(self, runtime: Runtime, client: TestClient, clock: list[datetime], session_id: int) -> None:
        self.runtime, self.client, self.clock, self.session_id = runtime, client, clock, session_id
        self.folder = runtime.settings.data_dir / "uploads"

    def sign_in(self, role: str) -> None:
        self.client.cookies.clear()
        if role in self.logins:
            self.client.cookies.set("login", self.logins[role])
        else:
            answer = self.client.post("/staff/sign-in", data={"email": f"{role}@clinic.example", "password": PASSWORD})
            assert answer.status_code == 303, answer.text
            self.logins[role] = self.client.cookies["login"]
        page = self.client.get("/staff/imports")
        assert page.status_code == 200, page.text
        self.csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)[1]  # type: ignore[index]

    def upload(self, kind: str, listed: str | bytes = "", **fields: Any) -> Any:
        file = fields.pop("file", ("people.csv", listed))
        data = {"csrf": self.csrf, "session": str(self.session_id), **fields}
        return self.client.post(f"/staff/imports/{kind}", data=data, files={"file": file or ("", b"")})

    def token(self, answer: Any) -> str:
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"]).rpartition("/")[2]

    def follow(self, answer: Any) -> str:
        assert answer.status_code == 303, answer.text
        page = self.client.get(answer.headers["location"])
        assert page.status_code == 200
        return str(page.text)

    def press(self, page: str, *, act: str = "apply", **fields: str) -> Any:
        token = re.search(r'action="/staff/imports/([\w-]{22})/apply"', page)[1]  # type: ignore[index]
        mark = re.search(r'name="fingerprint" value="(\w+)"', page)[1]  # type: ignore[index]
        data = {"csrf": self.csrf, "fingerprint": mark, "session": str(self.session_id), **fields}
        return self.client.post(f"/staff/imports/{token}/{act}", data=data)

    def bring_in(self, listed: str) -> None:
        page = self.follow(self.upload("import", listed, confirm="no"))
        assert self.press(page, confirm="no").status_code == 303

    def after_the_session(self) -> None:
        # The login lasts half a day; the session lies ten days ahead.
        self.query("UPDATE login SET expires_at = expires_at + interval '30 days' RETURNING 1")
        self.clock[0] = STARTS + timedelta(minutes=50)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with transaction(self.runtime.engine) as db:
            return [tuple(row) for row in db.execute(text(statement), {"session": self.session_id})]

    def places(self, column: str = "id") -> list[Any]:
        rows = self.query(f"SELECT {column} FROM registration WHERE session_id = :session ORDER BY id")
        return [row[0] for row in rows]


@pytest.fixture
def desk(service: tuple[Runtime, TestClient, list[datetime], int]) -> Desk:
    runtime, client, clock, webinar = service
    clock[0] = NOW
    with transaction(runtime.engine) as db:
        session = webinars.add_session(db, webinar, STARTS, STARTS + timedelta(minutes=30), NOW)
    shutil.rmtree(runtime.settings.data_dir / "uploads", ignore_errors=True)
    it = Desk(runtime, client, clock, session)
    it.sign_in("marketing")
    return it


@pytest.fixture(scope="module")
def service(
    database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Runtime, TestClient, list[datetime], int]]:
    folder = tmp_path_factory.mktemp("service")
    settings = read_settings(database_url=database_url, secret="s" * 40, data_dir=folder)
    facts = dict.fromkeys(("title", "class_title", "promise", "summary", "host_name", "host_role"), "Running")
    clock = [NOW]
    running = {"slug": "running", "points": [], "zone": "America/New_York", **facts}
    with build(settings, pool_size=2) as built:
        with transaction(built.engine) as db:
            webinar = webinars.add_webinar(db, running, NOW)
            for role in ("marketing", "admin", "operations"):
                sign_in.enrol(db, email=f"{role}@clinic.example", name="Jo", role=role, password=PASSWORD, now=NOW)
        app = create_app(replace(built, clock=lambda: clock[0]))
        with TestClient(app, base_url="http://127.0.0.1:8000", follow_redirects=False) as client:
            yield built, client, clock, webinar
