"""Double opt-in on the pages."""

import pytest
from starlette.testclient import TestClient

from campaigns.store.engine import transaction
from campaigns.web.app import create_app
from tests.web.conftest import NOON, opened


@pytest.fixture
def careful(database_url):
    """The service with the setting, and a browser."""
    with opened(database_url, double_opt_in="email") as runtime:
        runtime.clock.now = NOON
        yield runtime, TestClient(create_app(runtime), base_url="http://127.0.0.1:8000", follow_redirects=False)


def test_a_box_counts_once_the_button_on_the_page_is_pressed(careful, house):
    runtime, client = careful
    answer = client.post(f"/w/{house.slug}", data=house.form(consent=[str(house.boxes["email-education"])]))
    thanks = client.get(answer.headers["location"]).text
    assert "You ticked the short reads. The short reads start once you confirm them: the email says how." in thanks
    path = house.path(runtime.links.manage(newest(house)))
    page = client.get(path).text
    assert "<strong>You ticked the short reads.</strong>" in page and "Yes, send them to me" in page
    assert 'name="send" value="email-education" checked' not in page
    assert client.get(f"{path}/confirm").status_code == 405
    for _ in range(2):
        answer = client.post(f"{path}/confirm")
        assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?saved=confirmed")
    page = client.get(answer.headers["location"]).text
    assert "Thank you. The emails you ticked start from now on." in page and "Yes, send them to me" not in page
    assert 'value="email-education" checked' in page


def test_without_a_box_nothing_is_to_be_confirmed(careful, house):
    runtime, client = careful
    answer = client.post(f"/w/{house.slug}", data=house.form())
    assert "You ticked no box." in client.get(answer.headers["location"]).text
    assert "Yes, send them to me" not in client.get(house.path(runtime.links.manage(newest(house)))).text


def newest(house) -> int:
    with transaction(house.runtime.engine) as db:
        return db.exec_driver_sql("SELECT max(id) FROM registration").scalar_one()
