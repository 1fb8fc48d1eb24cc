"""The pages of uploaded lists, in a real browser."""

from datetime import timedelta

import pytest

from campaigns.operations import sign_in
from campaigns.store.engine import transaction

pytestmark = pytest.mark.browser
PASSWORD = "a long enough password"
LIST = (
    "email,first_name,phone,zone,texts,shoe size\n"
    "ana@example.org,Ana,(207) 555-0142,America/Chicago,yes,9\n"
    "bo@example.org,Bo,,,,9\n"
    "Bo@example.org,Bo,,,,9\n"
    "sofia@,Sofia,555-0190,Central,,9\n"
    'cy@example.org,"=HYPERLINK(""https://deal.example/with/a/very/long/address"")",,,,9\n'
)
CAME = "email,minutes\nana@example.org,30\nguest@example.org,30\nbroken@,1\n"


def test_a_list_is_uploaded_checked_and_added(desk, check, tmp_path):
    desk.goto("/staff/imports")
    check(desk, "empty")
    desk.get_by_label("Session").first.select_option(index=1)
    desk.get_by_label("CSV file").first.set_input_files(written(tmp_path / "people.csv", LIST))
    desk.get_by_label("Send to new people now").check()
    desk.get_by_role("button", name="Check the list").first.click()
    desk.get_by_role("heading", name="Check of people.csv").wait_for()
    check(desk, "problems")
    desk.get_by_role("link", name="Worth a look").click()
    check(desk, "remarks")
    desk.get_by_role("button", name="Add 2 people, leave out 3").click()
    desk.get_by_text("2 people are in.").wait_for()
    check(desk, "done")


def test_a_list_that_cannot_be_taken_says_why_at_the_field(desk, check, tmp_path):
    desk.goto("/staff/imports")
    desk.get_by_label("Session").first.select_option(index=1)
    desk.get_by_label("CSV file").first.set_input_files(written(tmp_path / "people.csv", "name\nAna\n"))
    desk.get_by_label("Do not send; they get reminders only").check()
    desk.get_by_role("button", name="Check the list").first.click()
    desk.get_by_role("alert").wait_for()
    assert "lacks the column “email”" in desk.locator("#registrants-file-wrong").inner_text()
    check(desk)


def test_attendance_is_uploaded_checked_and_written_down(desk, check, house, tmp_path):
    house.place(email="ana@example.org", first_name="Ana")
    house.place(email="bo@example.org", first_name="Bo")
    before, house.clock.now = house.clock.now, house.starts_at + timedelta(minutes=50)
    try:
        signed_in(desk)
        desk.goto("/staff/imports")
        desk.get_by_label("Session").nth(1).select_option(value=str(house.session_id))
        desk.get_by_label("CSV file").nth(1).set_input_files(written(tmp_path / "came.csv", CAME))
        desk.get_by_label("This list is final: everybody else missed the session").check()
        desk.get_by_role("button", name="Check the list").nth(1).click()
        desk.get_by_role("heading", name="Check of came.csv").wait_for()
        check(desk, "check")
        desk.get_by_role("button", name="Write down 1 person, call it final").click()
        desk.get_by_text("Attendance is written down.").wait_for()
    finally:
        house.clock.now = before


@pytest.fixture
def desk(reader, house, tmp_path, monkeypatch):
    """A page of a signed-in member; lists are kept below `data_dir`, which is relative."""
    monkeypatch.chdir(tmp_path)
    with transaction(house.runtime.engine) as db:
        sign_in.enrol(db, email=house.email, name="Jo", role="marketing", password=PASSWORD, now=house.clock())
    page = reader.page()
    page.email = house.email
    signed_in(page)
    yield page
    page.context.close()


def signed_in(page) -> None:
    page.context.clear_cookies()
    page.goto("/staff/sign-in")
    page.get_by_label("Email").fill(page.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Webinars").wait_for()


def written(path, words):
    path.write_text(words, encoding="utf-8")
    return path
