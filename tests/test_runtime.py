"""Everything built once from the settings."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from campaigns.clock import system_clock, write_clock
from campaigns.domain.messages import Text
from campaigns.domain.steps import Channel
from campaigns.errors import ConfigurationError
from campaigns.providers.folder import Folder
from campaigns.providers.smtp import Smtp
from campaigns.providers.twilio import Twilio
from campaigns.runtime import build, open_desk, template_folder
from campaigns.settings import read_settings
from campaigns.store.engine import reachable

SECRET = "a secret of thirty-two characters and more"


def test_a_runtime_works_on_its_database_and_closes_it(database_url: str) -> None:
    with build(
        read_settings(database_url=database_url, secret=SECRET, public_url="https://class.example.org")
    ) as runtime:
        assert reachable(runtime.engine)
        assert runtime.clock is system_clock
        assert runtime.links.landing("one") == "https://class.example.org/w/one"
        assert runtime.clinic.zone == "America/New_York"
        assert runtime.hours.of(Channel.SMS, next(iter(runtime.hours.by_kind))[1]) is not None
    assert runtime.engine.pool.checkedout() == 0


def test_a_clock_file_is_followed(database_url: str, tmp_path) -> None:
    then = datetime(2027, 3, 1, 17, 0, tzinfo=UTC)
    write_clock(tmp_path / "clock", then)
    with build(read_settings(database_url=database_url, secret=SECRET, clock_file=tmp_path / "clock")) as runtime:
        assert runtime.clock() == then


@pytest.mark.parametrize(
    ("given", "told"), [({"database_url": ""}, "DATABASE_URL"), ({"secret": "short"}, "CAMPAIGNS_SECRET")]
)
def test_what_every_process_needs_is_asked_for(database_url: str, given: dict, told: str) -> None:
    with (
        pytest.raises(ConfigurationError, match=told),
        build(read_settings(**{"database_url": database_url, "secret": SECRET, **given})),
    ):
        pass


def test_without_servers_a_desk_writes_into_the_folder(database_url: str) -> None:
    with (
        build(read_settings(database_url=database_url, secret=SECRET)) as runtime,
        open_desk(runtime, lambda: False) as desk,
    ):
        assert isinstance(desk.providers[Channel.EMAIL], Folder) and isinstance(desk.providers[Channel.SMS], Folder)
        assert desk.connections == {Channel.EMAIL: 16, Channel.SMS: 8}
        assert desk.lane(Channel.SMS) is desk.lane(Channel.SMS)


def test_with_servers_a_desk_writes_to_them(database_url: str) -> None:
    settings = read_settings(
        database_url=database_url, secret=SECRET, smtp_host="127.0.0.1", smtp_security="none",
        twilio_account_sid="AC1", twilio_auth_token="t", twilio_from="+12075550100",
    )  # fmt: skip
    with build(settings) as runtime, open_desk(runtime, lambda: False) as desk:
        sms = desk.providers[Channel.SMS]
        assert isinstance(desk.providers[Channel.EMAIL], Smtp) and isinstance(sms, Twilio)
        asked = sms._callback_url(Text(1, "+12075550100", "Hello", 1, "token"))
        assert asked == f"{settings.public_url}/hooks/twilio/status/token"


def test_what_stands_in_a_message_id_does_not_help_to_forge_a_link(database_url: str) -> None:
    with build(read_settings(database_url=database_url, secret=SECRET)) as runtime:
        assert runtime.sender.id_key not in SECRET.encode() and SECRET.encode() not in runtime.sender.id_key


def test_the_templates_are_found_in_a_checkout_and_in_an_installed_package(tmp_path, monkeypatch) -> None:
    assert (template_folder() / "messages").is_dir()
    package = tmp_path / "campaigns"
    (package / "_templates").mkdir(parents=True)
    monkeypatch.setattr("campaigns.runtime.__file__", str(package / "runtime.py"))
    assert template_folder() == package / "_templates"
