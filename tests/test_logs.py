"""One line of JSON per event, without personal data."""

from __future__ import annotations

import io
import json
import logging
import sys

import pytest

from campaigns import logs


@pytest.fixture
def said(monkeypatch):
    """What goes to standard error."""
    loggers = [logging.getLogger(name) for name in ("campaigns", "celery", "kombu")]
    before = [(log.handlers, log.level, log.propagate) for log in loggers]
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    logs.configure()
    yield written
    for log, facts in zip(loggers, before, strict=True):
        log.handlers, log.level, log.propagate = facts


def test_an_event_is_one_line_of_json_with_its_facts(said) -> None:
    logs.event("batch carried", batch=7, handed_off=3)
    (line,) = said.getvalue().splitlines()
    told = json.loads(line)
    assert told.pop("at").endswith("+00:00")
    assert told == {"level": "info", "event": "batch carried", "batch": 7, "handed_off": 3}


def test_an_error_tells_its_kind_and_place_but_not_its_text(said) -> None:
    try:
        int("sam@example.com")
    except ValueError as error:
        logs.event("lane broke", level=logs.ERROR, error=error)
    told = json.loads(said.getvalue())
    assert (told["level"], told["error"]) == ("error", "ValueError")
    assert told["where"].rpartition(":")[0].endswith("test_logs.py")
    assert "sam@" not in json.dumps(told)


def test_what_celery_complains_of_is_written_without_what_it_quotes(said) -> None:
    try:
        int("secret")
    except ValueError as error:
        logging.getLogger("celery.worker").critical("Unrecoverable error: %r\nmore", error, exc_info=True)
    logging.getLogger("celery.worker").info("Task %s for sam@example.com", 1)
    (line,) = said.getvalue().splitlines()
    told = json.loads(line)
    assert told["event"] == "celery.worker: Unrecoverable error: %r"
    assert (told["level"], told["error"]) == ("critical", "ValueError")
    assert "secret" not in line


def test_the_place_is_where_it_was_raised(said) -> None:
    def deeper() -> None:
        raise KeyError("x")

    try:
        deeper()
    except KeyError as error:
        place = error.__traceback__.tb_next.tb_lineno
        logs.event("lane broke", error=error)
    assert json.loads(said.getvalue())["where"].endswith(f":{place}")


def test_an_error_that_was_never_raised_has_no_place(said) -> None:
    logs.event("odd", error=ValueError())
    told = json.loads(said.getvalue())
    assert told["error"] == "ValueError" and "where" not in told


def test_what_json_does_not_know_is_written_as_text(said) -> None:
    logs.event("odd", what={1})
    assert json.loads(said.getvalue())["what"] == "{1}"


def test_configuring_twice_writes_each_line_once(said, monkeypatch) -> None:
    monkeypatch.setattr(sys, "stderr", said)
    logs.configure()
    logs.event("once")
    assert len(said.getvalue().splitlines()) == 1


def test_below_the_level_nothing_is_written_and_twilio_stays_silent(said, monkeypatch) -> None:
    monkeypatch.setattr(sys, "stderr", said)
    logs.configure(logs.WARNING)
    logs.event("quiet")
    assert said.getvalue() == ""
    assert logging.getLogger("twilio").level == logging.WARNING
