"""The application as a whole: error pages, headers, health, files."""

import http.client
import json
import logging
import socket
import threading
from dataclasses import replace

import pytest
import uvicorn
from starlette.testclient import TestClient

from campaigns.runtime import build
from campaigns.settings import read_settings
from campaigns.store.engine import make_engine
from campaigns.web.app import create_app

SECRET = "a secret of thirty-two characters and more"


def test_health_says_that_process_and_database_are_there(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_health_says_when_the_database_is_not_there(runtime):
    gone = make_engine("postgresql://nobody@127.0.0.1:1/nothing")
    with TestClient(create_app(replace(runtime, engine=gone))) as client:
        answer = client.get("/healthz")
    assert answer.status_code == 503
    assert "database does not answer" in answer.text


def test_database_that_is_away_gives_a_page_with_a_number_and_no_traceback(runtime, caplog):
    gone = make_engine("postgresql://nobody:hidden-word@127.0.0.1:1/nothing")
    with TestClient(create_app(replace(runtime, engine=gone))) as client, Logged() as lines:
        answer = client.get("/w/si-joint-runners")
    assert answer.status_code == 500
    assert "Something broke" in answer.text
    assert "Traceback" not in answer.text and "hidden-word" not in answer.text
    (line,) = lines
    assert line.facts["reference"] in answer.text
    assert line.facts["route"] == "/w/{slug}"


def test_refusals_are_logged_by_route_and_never_with_the_link(house):
    with Logged() as lines:
        house.client.get("/r/somebodys-secret-link")
    (line,) = lines
    assert line.facts["route"] == "/r/{token}" and line.facts["status"] == 404
    assert "somebodys-secret-link" not in json.dumps(line.facts)


@pytest.mark.parametrize(
    "path", ["/nothing", "/w/", "/static/nothing.css", "/static/../app.py", "/%00", "/docs", "/openapi.json"]
)
def test_address_without_a_page_is_not_found_in_our_own_look(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert "There is nothing at this address." in answer.text


@pytest.mark.parametrize(
    ("method", "path"),
    [("post", "/privacy"), ("put", "/w/si-joint-runners"), ("delete", "/r/x"), ("get", "/r/x/choices")],
)
def test_wrong_method_is_declined_in_words(client, method, path):
    answer = getattr(client, method)(path)
    assert answer.status_code == 405
    assert "cannot be used that way" in answer.text


@pytest.mark.parametrize(
    "path", ["/privacy", "/w/si-joint-runners", "/nothing", "/static/public.css", "/healthz", "/r/x"]
)
def test_every_answer_carries_the_safe_headers(client, path):
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert "referrer-policy" in headers
    assert "strict-transport-security" not in headers


def test_https_service_asks_to_be_visited_by_https_only(runtime):
    secure = replace(runtime, settings=runtime.settings.model_copy(update={"public_url": "https://class.example"}))
    with TestClient(create_app(secure)) as client:
        assert client.get("/privacy").headers["strict-transport-security"] == "max-age=31536000"


def test_files_may_be_kept_for_a_year_because_their_address_changes(client):
    page = client.get("/privacy").text
    address = page.split('<link rel="stylesheet" href="')[1].split('"')[0]
    assert address.startswith("/static/public.css?v=")
    assert client.get(address).headers["cache-control"] == "public, max-age=31536000, immutable"


def test_visitors_get_no_cookie(house):
    for answer in (house.client.get(f"/w/{house.slug}"), house.send(), house.client.get("/privacy")):
        assert "set-cookie" not in answer.headers


def test_pages_load_nothing_from_elsewhere_and_hold_nothing_inline(house):
    for path in (f"/w/{house.slug}", "/privacy", f"/w/{house.slug}/thanks?session={house.session_id}"):
        page = house.client.get(path).text
        assert "style=" not in page and "<style" not in page and " onclick" not in page
        assert 'src="http' not in page and "<script>" not in page


def test_ten_megabytes_are_refused_in_our_own_look(house):
    for body in ({"content": b"first_name=" + b"x" * 10_000_000}, {"content": pieces(10)}):
        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = house.client.post(f"/w/{house.slug}", headers=headers, **body)
        assert answer.status_code == 413
        assert "larger than 2048 KB" in answer.text


def test_answer_to_ten_megabytes_reaches_the_sender_over_a_real_connection(client):
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(client.app, log_level="warning", access_log=False, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        for chunked in (False, True):
            line = http.client.HTTPConnection("127.0.0.1", listener.getsockname()[1], timeout=30)
            body = pieces(10) if chunked else b"".join(pieces(10))
            kind = {"content-type": "application/x-www-form-urlencoded"}
            line.request("POST", "/w/si-joint-runners", body=body, headers=kind, encode_chunked=chunked)
            answer = line.getresponse()
            assert answer.status == 413 and b"larger than 2048 KB" in answer.read()
            line.close()
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


def test_link_checkers_may_ask_with_head(house):
    path = house.path(house.runtime.links.manage(house.place()))
    assert [house.client.head(path).status_code, house.client.head("/nothing").status_code] == [200, 404]


def test_form_of_very_many_fields_is_refused(house):
    fields = house.client.post(
        f"/w/{house.slug}", content=b"a=1&" * 100_000, headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert fields.status_code == 400
    assert "<h1>That did not work</h1>" in fields.text


def test_too_many_forms_a_minute_have_to_wait(database_url):
    settings = read_settings(database_url=database_url, secret=SECRET, registrations_per_minute=2)
    with build(settings, pool_size=1) as runtime, TestClient(create_app(runtime)) as client:
        codes = [client.post("/w/nothing", data={"a": "b"}).status_code for _ in range(2)]
        answer = client.post("/w/nothing", data={"a": "b"})
        assert codes == [404, 404]
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) <= 61
        assert "Wait" in answer.text
        assert client.get("/privacy").status_code == 200


def test_one_click_stop_is_never_slowed_down(database_url):
    settings = read_settings(database_url=database_url, secret=SECRET, registrations_per_minute=1)
    with build(settings, pool_size=1) as runtime, TestClient(create_app(runtime)) as client:
        assert [client.post("/o/x").status_code for _ in range(4)] == [404] * 4


def test_last_place_is_given_once_to_many_at_the_same_time(house):
    session = str(house.add_session(12, capacity=1))
    codes = []

    def press(number: int) -> None:
        codes.append(house.send(session=session, email=f"press{number}-{house.email}").status_code)

    threads = [threading.Thread(target=press, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [303, 409, 409, 409, 409, 409]


def test_page_for_staff_leads_to_signing_in_and_back(client):
    answer = client.get("/staff")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/staff/sign-in?next=/staff"


def pieces(megabytes: int):
    """A body of unannounced length."""
    for _ in range(megabytes):
        yield b"x" * 1_000_000


class Logged(logging.Handler):
    """Collect our own log records inside a block."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(record)

    def __enter__(self):
        self._before = logging.getLogger("campaigns").level
        logging.getLogger("campaigns").setLevel(logging.INFO)
        logging.getLogger("campaigns").addHandler(self)
        return self.lines

    def __exit__(self, *_):
        logging.getLogger("campaigns").removeHandler(self)
        logging.getLogger("campaigns").setLevel(self._before)
