"""docker-compose.yml: what it says, and that its own command lines carry a registration to the inbox."""

import copy
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from compose_spec import PyCompose

from campaigns.commands import QUEUES
from campaigns.settings import Settings
from campaigns.store.embedded import free_port
from tests.journeys.browser import Browser
from tests.servers.smtp_server import SmtpServer

ROOT = Path(__file__).parents[1]
GIVEN = {
    "POSTGRES_PASSWORD": "p" * 12,
    "REDIS_PASSWORD": "r" * 12,
    "CAMPAIGNS_SECRET": "s" * 32,
    "CAMPAIGNS_PUBLIC_URL": "https://class.example.org",
}
OURS = {
    "migrate",
    "web",
    "scheduler",
    "worker-email-urgent",
    "worker-email-bulk",
    "worker-sms-urgent",
    "worker-sms-bulk",
}
BORROWED = {"postgres", "redis", "mail"}


def test_the_file_follows_the_compose_specification():
    compose = PyCompose.from_json(json.dumps(_read(GIVEN)))
    compose.validate()
    assert set(compose.service_names()) == OURS | BORROWED


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("services", "web", "restartt"), "always"),
        (("services", "web", "restart"), "alway"),
        (("services", "web", "depends_on", "postgres", "condition"), "healthy"),
        (("services", "web", "stop_grace_period"), "a while"),
    ],
)
def test_a_mistake_in_the_file_would_be_found(where, value):
    wrong = copy.deepcopy(_read(GIVEN))
    place = wrong
    for name in where[:-1]:
        place = place[name]
    place[where[-1]] = value
    with pytest.raises(ValueError, match=r"."):
        PyCompose.from_json(json.dumps(wrong)).validate()


@pytest.mark.parametrize("name", sorted(GIVEN))
def test_a_secret_that_is_not_given_stops_the_start_with_a_word(name):
    with pytest.raises(LookupError, match=f"set {name}"):
        _read({**GIVEN, name: ""})


def test_every_image_is_pinned_and_nobody_is_root():
    for name, service in _services().items():
        assert re.search(r":v?\d+\.\d+(\.\d+)?(-\w+)?$", service["image"]), name
        if name != "postgres":  # its entry point needs root to prepare the volume, and gives it up itself
            assert service["cap_drop"] == ["ALL"]
            assert "no-new-privileges:true" in service["security_opt"]
    assert re.findall(r"^FROM (\S+)", _dockerfile(), re.MULTILINE) == ["python:3.11.14-slim-bookworm"] * 2
    assert re.search(r"^USER campaigns$", _dockerfile(), re.MULTILINE)


def test_there_is_a_worker_for_every_queue_and_two_schedulers():
    queues = {name: service["command"][-1] for name, service in _services().items() if name.startswith("worker-")}
    assert queues == {f"worker-{queue.replace('.', '-')}": queue for queue in QUEUES}
    assert _services()["scheduler"]["deploy"]["replicas"] == 2


def test_whoever_needs_a_server_waits_until_it_is_healthy():
    services = _services()
    for name in OURS - {"migrate", "web"}:
        assert services[name]["depends_on"]["redis"] == {"condition": "service_healthy"}
    for name in OURS - {"migrate"}:
        assert services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    for name in ("postgres", "redis", "web", "mail"):
        assert services[name]["healthcheck"]["test"][0] == "CMD"


def test_every_service_stops_gracefully_and_keeps_its_data():
    services = _services()
    assert {name for name, service in services.items() if "stop_grace_period" in service} >= OURS - {"migrate"}
    used = {volume.partition(":")[0] for service in services.values() for volume in service.get("volumes", ())}
    assert used == set(_read(GIVEN)["volumes"]) == {"postgres", "redis", "captured"}
    assert services["mail"]["profiles"] == ["try"]


def test_every_variable_is_one_that_the_settings_know():
    environment = _services()["web"]["environment"]
    known = {f"CAMPAIGNS_{name.upper()}" for name in Settings.model_fields}
    known |= {"DATABASE_URL", "REDIS_URL", "FORWARDED_ALLOW_IPS"} | {
        name for name in environment if name.startswith("TWILIO_")
    }
    assert set(environment) - known == set()


def test_what_the_image_takes_along_is_not_ignored():
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", _dockerfile(), re.MULTILINE)
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    wanted = {word for words in copied for word in words.split()}
    assert wanted == allowed
    assert [word for word in wanted if not (ROOT / word).exists()] == []


@pytest.mark.journey
def test_its_own_command_lines_carry_a_registration_to_the_inbox(own_database_url, redis_url, tmp_path):
    port = free_port()
    with SmtpServer() as inbox:
        more = {
            "CAMPAIGNS_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "CAMPAIGNS_SMTP_HOST": "127.0.0.1",
            "CAMPAIGNS_SMTP_PORT": str(inbox.port),
            "CAMPAIGNS_SMTP_SECURITY": "none",
        }
        # What the containers' network and image would give: addresses, the port, the volume.
        here = {
            "DATABASE_URL": own_database_url,
            "REDIS_URL": redis_url,
            "CAMPAIGNS_HOST": "127.0.0.1",
            "CAMPAIGNS_PORT": str(port),
            "CAMPAIGNS_DATA_DIR": str(tmp_path),
            "CAMPAIGNS_FORM_TAKES": "0",  # this browser types faster than anybody
        }
        services = {name: service for name, service in _services(GIVEN | more).items() if name in OURS}
        migrate = _start(services.pop("migrate"), here)
        assert migrate.wait(400) == 0
        listing = {**services["web"], "command": ["campaigns", "approve"]}
        listed, _ = _start(listing, here, stdout=subprocess.PIPE, text=True).communicate(timeout=60)
        said = ["--name=Dr. Ann", "--licence=ME 1", "--interests=none", "--references=PMID 1"]
        named = [line.split()[0] for line in listed.splitlines()]
        approve = {**services["web"], "command": ["campaigns", "approve", *said, *named]}
        assert _start(approve, here).wait(60) == 0
        running = [
            _start(service, here)
            for service in services.values()
            for _ in range(service.get("deploy", {}).get("replicas", 1))
        ]
        try:
            _until(lambda: _healthy(services["web"], port))
            _register(f"http://127.0.0.1:{port}")
            _until(lambda: inbox.messages)
            assert [one.recipient for one in inbox.messages] == ["ann@mail.example.org"]
            assert [process.poll() for process in running] == [None] * 7
        finally:
            for process in running:
                process.terminate()
            codes = [process.wait(60) for process in running]
    assert set(codes) <= {0, -signal.SIGTERM}


def _register(base):
    browser = Browser(base)
    page = browser.get("/w/si-joint-runners")
    thanks = browser.submit(
        page, "/w/", email="ann@mail.example.org", first_name="Ann", session=page.form("/w/").choices["session"][0]
    )
    browser.close()
    assert thanks.status == 200


def _healthy(web, port):
    words = [
        sys.executable if word == "python" else word.replace(":8000", f":{port}")
        for word in web["healthcheck"]["test"][1:]
    ]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def _start(service, here, **how):
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("CAMPAIGNS_", "TWILIO_"))}
    assert service["command"][0] == "campaigns"
    command = [sys.executable, "-m", *service["command"]]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=bare | {name: str(value) for name, value in service["environment"].items()} | here,
        **how,
    )


def _until(done):
    until = time.monotonic() + 400
    while not done():
        assert time.monotonic() < until
        time.sleep(0.05)


def _services(given=None):
    return _read(given or GIVEN)["services"]


def _read(given):
    """Read the file as Compose does: first the YAML, then the variables in its texts."""

    def fill(found):
        name, kind, word = found.groups()
        value = given.get(name, "")
        if not value and kind == ":?":
            raise LookupError(word)
        return value or word

    def walk(value):
        if isinstance(value, dict):
            return {name: walk(one) for name, one in value.items()}
        if isinstance(value, list):
            return [walk(one) for one in value]
        return re.sub(r"\$\{(\w+)(:-|:\?)([^}]*)\}", fill, value) if isinstance(value, str) else value

    return walk(yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8")))


def _dockerfile():
    return (ROOT / "Dockerfile").read_text(encoding="utf-8")
