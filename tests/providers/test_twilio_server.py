"""The stand-in for Twilio keeps to what Twilio does: lists, faults by lot, callbacks and inbound texts."""

import base64
import http.client
import json
import queue
import re
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import pytest
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from tests.servers.twilio_server import (
    ACCOUNT,
    FAULTS,
    TOKEN,
    Behaviour,
    Callbacks,
    Fate,
    Rule,
    Store,
    TwilioServer,
    call_back,
    inbound,
    read_reports,
    read_store,
    signature,
)

ROOT = Path(__file__).parents[2]
JANE, JIM = "+12075550142", "+12075550143"
SERVICE = "MG" + "0" * 32
NET = 20
"""Seconds after which waiting for a callback is given up."""


def test_twilios_own_client_reads_all_pages_of_one_number_newest_first(server):
    for number in range(5):
        send(server, JANE, f"Jane {number}")
        send(server, JIM, f"Jim {number}")
    client = Client(ACCOUNT, TOKEN)
    client.api.base_url = server.url
    found = client.messages.list(to=JANE, page_size=2, limit=50)
    client.http_client.session.close()
    assert [one.body for one in found] == [f"Jane {number}" for number in (4, 3, 2, 1, 0)]
    assert server.requests == 10 + 3
    assert found[0].date_sent is None and found[0].status == "accepted" and found[0].from_ is None
    assert abs(found[0].date_created - datetime.now(UTC)) < timedelta(minutes=5)


def test_a_page_comes_in_twilios_envelope(server):
    for number in range(3):
        send(server, JANE, str(number))
    base = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?To=%2B12075550142&PageSize=2"
    first = ask(server, "GET", base)
    newest, middle = (server.messages[number].sid for number in (2, 1))
    assert {name: value for name, value in first.items() if name != "messages"} == {
        "page": 0,
        "page_size": 2,
        "start": 0,
        "end": 1,
        "first_page_uri": f"{base}&Page=0",
        "next_page_uri": f"{base}&Page=1&PageToken=PA{middle}",
        "previous_page_uri": None,
        "uri": base,
    }
    second = ask(server, "GET", first["next_page_uri"])
    assert (second["page"], second["start"], second["end"], second["next_page_uri"]) == (1, 2, 2, None)
    back = ask(server, "GET", second["previous_page_uri"])
    assert [one["sid"] for one in back["messages"]] == [newest, middle]
    assert (back["page"], back["next_page_uri"]) == (0, first["next_page_uri"])


def test_a_text_that_arrives_meanwhile_does_not_shift_the_next_page(server):
    for number in range(3):
        send(server, JANE, str(number))
    first = ask(server, "GET", f"{MESSAGES}?PageSize=2")
    send(server, JANE, "meanwhile")
    assert [one["body"] for one in ask(server, "GET", first["next_page_uri"])["messages"]] == ["0"]


def test_lists_without_a_match_are_one_empty_page(server):
    send(server, JANE)
    nothing = ask(server, "GET", f"{MESSAGES}?To=%2B12075550999")
    assert (nothing["messages"], nothing["start"], nothing["end"], nothing["next_page_uri"]) == ([], 0, 0, None)


@pytest.mark.parametrize("asked", ["DateSent={day}", "DateSent%3E={day}", "DateSent>={day}", "DateSent%3C={later}"])
def test_a_filter_by_date_misses_what_still_waits_in_the_queue(server, asked):
    now = datetime.now(UTC)
    later = (now + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    target = f"{MESSAGES}?{asked.format(day=now.date(), later=later)}"
    send(server, JANE)
    assert ask(server, "GET", target)["messages"] == []
    server.store.move(server.messages[0].sid, "sent")
    (found,) = ask(server, "GET", target)["messages"]
    for name in ("date_created", "date_sent", "date_updated"):
        assert re.fullmatch(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000", found[name])


@pytest.mark.parametrize("asked", ["DateSent=2020-01-01", "DateSent%3E=2999-01-01", "DateSent%3C=2020-01-01T00:00:00"])
def test_a_filter_by_date_leaves_out_other_dates(server, asked):
    send(server, JANE)
    server.store.move(server.messages[0].sid, "sent")
    assert ask(server, "GET", f"{MESSAGES}?{asked}")["messages"] == []


def test_a_filter_by_sender_leaves_out_other_senders(server):
    send(server, JANE, From="+12075550199", MessagingServiceSid=None)
    send(server, JANE, From="+12075550198", MessagingServiceSid=None)
    (found,) = ask(server, "GET", f"{MESSAGES}?From=%2B12075550199")["messages"]
    assert (found["from"], found["status"], found["messaging_service_sid"]) == ("+12075550199", "queued", None)


@pytest.mark.parametrize("asked", ["PageSize=0", "PageSize=x", "Page=x", "PageToken=x", "DateSent=yesterday"])
def test_a_question_that_makes_no_sense_is_a_400(server, asked):
    assert raw(server, "GET", f"{MESSAGES}?{asked}")[0] == 400


def test_one_message_is_read_by_its_name(server):
    made = send(server, JANE, "words")
    assert ask(server, "GET", made["uri"]) == made
    assert raw(server, "GET", made["uri"].replace("SM0", "SM9"))[0] == 404


@pytest.mark.parametrize("target", ["", "/Messages.json", "/Messages/SM1.json"])
def test_without_the_right_token_nothing_is_shown(server, target):
    status, _, body = raw(server, "GET", f"/2010-04-01/Accounts/{ACCOUNT}{target}", token="wrong")
    assert (status, json.loads(body)["code"]) == (401, 20003)


@pytest.mark.parametrize(
    ("faulty", "code"),
    [
        ({"To": ""}, 21604),
        ({"To": "2075550142"}, 21211),
        ({"MessagingServiceSid": None}, 21603),
        ({"Body": ""}, 21602),
        ({"Body": "x" * 1601}, 21617),
    ],
)
def test_what_twilio_would_not_take_is_not_taken(server, faulty, code):
    status, _, body = post(server, **{"To": JANE, **faulty})
    assert (status, json.loads(body)["code"], server.messages) == (400, code, [])


def test_too_many_requests_say_how_many_and_how_long_to_wait(server):
    server.script(Rule(**FAULTS["too many"]))
    status, headers, body = post(server, To=JANE)
    assert (status, headers["Twilio-Concurrent-Requests"], headers["Retry-After"]) == (429, "1", "1")
    assert json.loads(body)["code"] == 20429 and server.messages == []


@pytest.mark.parametrize(
    ("fault", "status", "kept"),
    [
        ("fails before", 503, 0),
        ("fails after", 500, 1),
        ("drops before", None, 0),
        ("drops after", None, 1),
        ("opted out", 400, 0),
        ("garbage", None, 0),
    ],
)
def test_a_fault_lies_before_or_after_the_text_was_taken(server, fault, status, kept):
    server.script(Rule(**FAULTS[fault]))
    if status:
        assert post(server, To=JANE)[0] == status
    else:
        with pytest.raises(http.client.HTTPException):
            post(server, To=JANE)
    assert len(server.messages) == kept


def test_the_list_may_fail_as_well(server):
    send(server, JANE)
    server.script(Rule(on="GET", status=503, to=JANE, times=1))
    assert post(server, To=JANE)[0] == 201
    listed = [raw(server, "GET", f"{MESSAGES}?To=%2B{number[1:]}")[0] for number in (JIM, JANE, JANE)]
    assert listed == [200, 503, 200]


def test_lots_are_drawn_alike_for_the_same_seed_and_about_as_often_as_told():
    def drawn(seed):
        rules = [Rule(**FAULTS["too many"] | {"share": 0.2}), Rule(**FAULTS["fails before"] | {"share": 0.2})]
        with TwilioServer(Behaviour(rules=rules, seed=seed)) as server:
            return [post(server, To=JANE)[0] for _ in range(200)]

    first = drawn(1)
    assert drawn(1) == first != drawn(2)
    assert 20 < first.count(429) < 60 and 15 < first.count(503) < 50
    assert first.count(201) == 200 - first.count(429) - first.count(503)


def test_every_status_is_called_back_in_order_and_signed_as_twilio_signs(server, hook):
    server.behaviour.callbacks = Callbacks()
    made = send(server, JANE, StatusCallback=f"{hook.url}/status/t?a=1&b=2#rc=3")
    heard = hook.take(3)
    assert [form["MessageStatus"] for _, _, form in heard] == ["queued", "sent", "delivered"]
    for path, headers, form in heard:
        assert path == "/status/t?a=1&b=2"
        assert RequestValidator(TOKEN).validate(hook.url + path, form, headers["X-Twilio-Signature"])
        assert (form["MessageSid"], form["To"], form["MessagingServiceSid"]) == (made["sid"], JANE, SERVICE)
    shown = ask(server, "GET", made["uri"])
    assert (shown["status"], shown["from"], shown["num_segments"]) == ("delivered", "+12075550100", "1")


def test_without_a_service_the_queue_is_where_it_begins_and_is_not_reported(server, hook):
    server.behaviour.callbacks = Callbacks()
    send(server, JANE, From="+12075550199", MessagingServiceSid=None, StatusCallback=hook.url)
    assert statuses(hook.take(2)) == ["sent", "delivered"]


def test_some_end_otherwise(server, hook):
    server.behaviour.callbacks = Callbacks(
        fates=[Fate(to=JANE, error_code=30005, times=1), Fate(to=JIM, status="failed", error_code=30001)]
    )
    made = send(server, JANE, StatusCallback=hook.url)
    heard = hook.take(3)
    assert statuses(heard) == ["queued", "sent", "undelivered"]
    assert [form.get("ErrorCode") for _, _, form in heard] == [None, None, "30005"]
    assert ask(server, "GET", made["uri"])["error_code"] == 30005
    made = send(server, JIM, StatusCallback=hook.url)
    assert statuses(hook.take(2)) == ["queued", "failed"]
    assert ask(server, "GET", made["uri"])["date_sent"] is None
    send(server, JANE, StatusCallback=hook.url)
    assert statuses(hook.take(3)) == ["queued", "sent", "delivered"]


def test_callbacks_may_come_twice_and_in_another_order(server, hook):
    server.behaviour.callbacks = Callbacks(twice=1.0, shuffled=1.0)
    send(server, JANE, StatusCallback=hook.url)
    heard = statuses(hook.take(6))
    assert heard[::2] == heard[1::2] != ["queued", "sent", "delivered"]
    assert sorted(heard[::2]) == ["delivered", "queued", "sent"]


def test_a_text_whose_answer_was_lost_is_called_back_about_unless_told_otherwise(server, hook):
    server.script(Rule(**FAULTS["drops after"]))
    for after_lost, body in ((False, "silent"), (True, "told")):
        server.behaviour.callbacks = Callbacks(after_lost=after_lost)
        with pytest.raises(http.client.RemoteDisconnected):
            post(server, To=JANE, Body=body, StatusCallback=f"{hook.url}/{body}")
    assert [path for path, _, _ in hook.take(3)] == ["/told"] * 3
    assert [server.store.states[sms.sid].status for sms in server.messages] == ["accepted", "delivered"]


def test_a_callback_may_come_before_the_answer_to_the_request(server, hook):
    server.behaviour.callbacks = Callbacks()
    server.script(Rule(status=201, wait=3600))
    line = begin(server, To=JANE, StatusCallback=hook.url)
    assert statuses(hook.take(3)) == ["queued", "sent", "delivered"]
    line.sock.setblocking(False)
    with pytest.raises(BlockingIOError):
        line.sock.recv(1)
    line.close()


def test_a_late_answer_is_the_usual_one(server):
    server.script(Rule(**FAULTS["answers late"] | {"wait": 0.01}))
    assert send(server, JANE)["sid"] == server.messages[0].sid


def test_callbacks_may_never_be_sent_while_the_text_goes_on(server, hook):
    server.behaviour.callbacks = Callbacks(unsent=1.0)
    silent = send(server, JANE, StatusCallback=f"{hook.url}/silent")
    until(server, lambda: ask(server, "GET", silent["uri"])["status"] == "delivered")
    server.behaviour.callbacks = Callbacks()
    send(server, JANE, StatusCallback=f"{hook.url}/told")
    assert {path for path, _, _ in hook.take(3)} == {"/told"}


def test_a_callback_that_fails_is_tried_again_with_the_same_token_and_then_forgotten(server, hook):
    server.behaviour.callbacks = Callbacks(pause=0.001, retries=2, fates=[Fate(status="failed")])
    hook.answers = [503, 204, 503, 503, 503]
    send(server, JANE, StatusCallback=hook.url)
    heard = hook.take(5)
    assert statuses(heard) == ["queued", "queued", "failed", "failed", "failed"]
    tokens = [headers["I-Twilio-Idempotency-Token"] for _, headers, _ in heard]
    assert tokens[0] == tokens[1] != tokens[2] == tokens[3] == tokens[4]
    send(server, JIM, StatusCallback=hook.url)  # a further try would come before the last of these
    assert [form["To"] for _, _, form in hook.take(2)] == [JIM, JIM]
    until(server, lambda: len(server.store.reports) == 7)
    assert [(one.status, one.answer, one.attempt) for one in server.store.reports[:5]] == [
        ("queued", 503, 1),
        ("queued", 204, 2),
        ("failed", 503, 1),
        ("failed", 503, 2),
        ("failed", 503, 3),
    ]


def test_the_callbacks_fragment_says_how_often_it_is_tried(server, hook):
    server.behaviour.callbacks = Callbacks(pause=0.001, fates=[Fate(status="failed")])
    hook.answers = [503] * 3
    send(server, JANE, StatusCallback=f"{hook.url}#rc=0")
    send(server, JIM, StatusCallback=f"{hook.url}#rc=1", From="+12075550199", MessagingServiceSid=None)
    heard = hook.take(4)
    assert statuses(one for one in heard if one[2]["To"] == JANE) == ["queued", "failed"]
    assert statuses(one for one in heard if one[2]["To"] == JIM) == ["failed", "failed"]


@pytest.mark.parametrize("url", ["https://class.example/status", "http://class.example/status", "https://127.0.0.1/s"])
def test_nobody_beyond_this_machine_is_ever_called(server, hook, url):
    server.behaviour.callbacks = Callbacks()
    away = send(server, JANE, StatusCallback=url)
    until(server, lambda: len(server.store.reports) == 3)
    assert {(one.sid, one.answer, one.attempt) for one in server.store.reports} == {(away["sid"], 0, 0)}
    with pytest.raises(ValueError, match="only addresses on this machine"):
        call_back(server.messages[0], "sent")
    with pytest.raises(ValueError, match="only addresses on this machine"):
        inbound(url, TOKEN, Body="STOP")


def test_a_public_address_is_signed_and_named_but_called_where_it_is_on_this_machine(server, hook):
    server.behaviour.callbacks = Callbacks(via=hook.url)
    public = "https://class.example/status/t"
    send(server, JANE, StatusCallback=public)
    for path, headers, form in hook.take(3):
        assert (path, headers["Host"]) == ("/status/t", "class.example")
        assert RequestValidator(TOKEN).validate(public, form, headers["X-Twilio-Signature"])


def test_a_report_by_hand_moves_the_text_and_gives_the_answer(server, hook):
    send(server, JANE, StatusCallback=hook.url)
    hook.answers = [403]
    assert server.report(server.messages[0], "undelivered", 30006) == 403
    (found,) = ask(server, "GET", MESSAGES)["messages"]
    assert (found["status"], found["error_code"]) == ("undelivered", 30006)


def test_an_inbound_text_is_signed_and_names_the_kind_of_opt_out(hook):
    url = f"{hook.url}/inbound?x=%20"
    assert inbound(url, TOKEN, From=JANE, Body="Stop ", OptOutType="STOP") == 204
    hook.answers = [403]
    assert inbound(url, "another token", From=JANE) == 403
    (path, headers, form), (_, forged, other) = hook.take(2)
    assert path == "/inbound?x=%20"
    assert (form["From"], form["Body"], form["OptOutType"], form["SmsStatus"]) == (JANE, "Stop ", "STOP", "received")
    assert RequestValidator(TOKEN).validate(url, form, headers["X-Twilio-Signature"])
    assert other["Body"] == "" and "OptOutType" not in other and other["MessageSid"] != form["MessageSid"]
    assert not RequestValidator(TOKEN).validate(url, other, forged["X-Twilio-Signature"])


def test_signatures_are_those_of_twilios_published_example():
    fields = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert signature(url, fields, "12345") == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_as_a_process_it_keeps_what_it_took_and_what_it_reported(tmp_path, hook):
    rules, callbacks = [FAULTS["drops after"] | {"to": JIM}], {"fates": [{"to": JIM, "error_code": 30004}]}
    with process(tmp_path, rules=rules, callbacks=callbacks) as server:
        made = send(server, JANE, StatusCallback=hook.url)
        hook.take(3)
        with pytest.raises(http.client.RemoteDisconnected):
            post(server, To=JIM, StatusCallback=hook.url)
        hook.take(3)
        assert raw(server, "POST", "/_control/course", b"null")[0] == 202
        assert raw(server, "POST", "/_control/rules", b"[]")[0] == 202
        waits = send(server, JIM)
        again = {"sid": made["sid"], "status": "delivered"}
        assert raw(server, "POST", "/_control/callbacks", json.dumps(again).encode())[0] == 202
        assert statuses(hook.take(1)) == ["delivered"]
        assert ask(server, "GET", waits["uri"])["status"] == "accepted"
    jane, jim, waiting = read_store(tmp_path / "store")
    assert (jane.sid, jane.to, jim.to, waiting.sid) == (made["sid"], JANE, JIM, waits["sid"])
    reports = [(one.sid, one.status, one.answer) for one in read_reports(tmp_path / "store")]
    assert reports[:2] == [(jane.sid, "queued", 204), (jane.sid, "sent", 204)]
    assert (jim.sid, "sent", 204) in reports


def test_a_process_draws_the_lots_of_its_seed(tmp_path):
    rules = [FAULTS["fails before"] | {"share": 0.5}]
    with process(tmp_path, rules=rules, seed=7) as server:
        there = [post(server, To=JANE)[0] for _ in range(40)]
    with TwilioServer(Behaviour(rules=[Rule(**rule) for rule in rules], seed=7)) as server:
        assert there == [post(server, To=JANE)[0] for _ in range(40)]


def test_times_shown_are_those_of_its_clock():
    moment = datetime(2027, 3, 2, 19, 46, tzinfo=UTC)
    with TwilioServer(store=Store(clock=lambda: moment)) as server:
        assert send(server, JANE)["date_created"] == "Tue, 02 Mar 2027 19:46:00 +0000"


MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"


class Hook:
    """What a service of ours would be: takes callbacks and answers 204, or what it is told next."""

    def __init__(self):
        self.answers = []
        self._heard = queue.Queue()
        hook = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                status = hook.answers.pop(0) if hook.answers else 204
                hook._heard.put((self.path, dict(self.headers), dict(parse_qsl(body, keep_blank_values=True))))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})

    def take(self, number):
        return [self._heard.get(timeout=NET) for _ in range(number)]


@contextmanager
def process(folder, *, rules, callbacks=None, seed=0):
    """Run it as a process of its own; gives something that knows its port."""
    words = ["--store", folder / "store", "--rules", folder / "rules.json", "--seed", seed]
    (folder / "rules.json").write_text(json.dumps(rules))
    if callbacks:
        (folder / "callbacks.json").write_text(json.dumps(callbacks))
        words += ["--callbacks", folder / "callbacks.json"]
    command = [sys.executable, "-m", "tests.servers.twilio_server", *map(str, words)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        try:
            yield TwilioServer(port=json.loads(running.stdout.readline())["port"])
        finally:
            running.terminate()


def statuses(heard):
    return [form["MessageStatus"] for _, _, form in heard]


def until(server, true):
    """Go on asking, so that the server's loop turns, until something is true."""
    for _ in range(5000):
        if true():
            return
        ask(server, "GET", f"{MESSAGES}?PageSize=1")
    pytest.fail("waited in vain")


def begin(server, **fields):
    form = {"To": JANE, "Body": "Words", "MessagingServiceSid": SERVICE, **fields}
    body = urlencode({name: value for name, value in form.items() if value is not None})
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=NET)
    line.request("POST", MESSAGES, body, {"Authorization": authorization(TOKEN)})
    return line


def post(server, **fields):
    return answer(begin(server, **fields))


def send(server, to, body="Words", **fields):
    status, _, content = post(server, To=to, Body=body, **fields)
    assert status == 201
    return json.loads(content)


def raw(server, method, target, body=None, token=TOKEN):
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=NET)
    line.request(method, target, body, {"Authorization": authorization(token)})
    return answer(line)


def ask(server, method, target):
    status, _, content = raw(server, method, target)
    assert status == 200
    return json.loads(content)


def answer(line):
    try:
        said = line.getresponse()
        return said.status, said.headers, said.read()
    finally:
        line.close()


def authorization(token):
    return "Basic " + base64.b64encode(f"{ACCOUNT}:{token}".encode()).decode()


@pytest.fixture
def server():
    with TwilioServer() as server:
        yield server


@pytest.fixture
def hook():
    hook = Hook()
    hook.thread.start()
    yield hook
    hook.server.shutdown()
    hook.thread.join()
    hook.server.server_close()
