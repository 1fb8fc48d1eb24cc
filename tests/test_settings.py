"""Every setting, read once from the environment."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from pydantic import ValidationError

from campaigns.domain.watching import Shares
from campaigns.errors import ConfigurationError
from campaigns.settings import Settings, read_settings


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch) -> None:
    for name in list(os.environ):
        if name.startswith(("CAMPAIGNS_", "TWILIO_")) or name in ("DATABASE_URL", "REDIS_URL"):
            monkeypatch.delenv(name)


def test_without_any_setting_everything_is_captured_in_a_folder() -> None:
    settings = read_settings()
    assert (settings.email_by, settings.sms_by) == ("folder", "folder")
    assert settings.outbox == settings.data_dir / "outbox"


def test_servers_answer_to_the_names_everybody_uses(monkeypatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://one/db")
    monkeypatch.setenv("REDIS_URL", "redis://one")
    monkeypatch.setenv("CAMPAIGNS_REDIS_URL", "redis://two")
    settings = read_settings()
    assert (settings.database_url, settings.redis_url) == ("postgresql://one/db", "redis://two")


def test_what_is_passed_wins_over_the_environment(monkeypatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://one/db")
    monkeypatch.setenv("CAMPAIGNS_PORT", "8100")
    settings = read_settings(database_url="postgresql://two/db", port=8200)
    assert (settings.database_url, settings.port) == ("postgresql://two/db", 8200)


def test_settings_never_change(monkeypatch) -> None:
    with pytest.raises(ValidationError):
        read_settings().port = 1


@pytest.mark.parametrize("written", ["PT45S", "45", "45.0", "00:00:45"])
def test_a_duration_may_be_written_in_three_ways(monkeypatch, written: str) -> None:
    monkeypatch.setenv("CAMPAIGNS_SMTP_TIMEOUT", written)
    assert read_settings().smtp_timeout == timedelta(seconds=45)


def test_real_servers_are_used_as_soon_as_they_are_named() -> None:
    settings = read_settings(
        smtp_host="mail.example.org", twilio_account_sid="AC1", twilio_auth_token="t", twilio_from="+12075550100"
    )
    assert (settings.email_by, settings.sms_by) == ("smtp", "twilio")


def test_the_folder_may_be_asked_for_although_servers_are_named() -> None:
    settings = read_settings(
        smtp_host="mail.example.org", email_provider="folder", twilio_account_sid="AC1", sms_provider="folder"
    )
    assert (settings.email_by, settings.sms_by) == ("folder", "folder")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"email_provider": "smtp"}, "CAMPAIGNS_SMTP_HOST"),
        ({"sms_provider": "twilio"}, "TWILIO_ACCOUNT_SID"),
        ({"twilio_account_sid": "AC1", "twilio_auth_token": "t"}, "TWILIO_MESSAGING_SERVICE_SID"),
        ({"public_url": "class.example.org"}, "CAMPAIGNS_PUBLIC_URL: must be a full address"),
        ({"port": 0}, "CAMPAIGNS_PORT"),
        ({"horizon": "PT5M"}, "CAMPAIGNS_HORIZON"),
        ({"email_lanes": 0}, "CAMPAIGNS_EMAIL_LANES"),
        ({"attended_share": 0}, "CAMPAIGNS_ATTENDED_SHARE"),
        ({"completed_share": 1.1}, "CAMPAIGNS_COMPLETED_SHARE"),
        ({"attended_share": 0.8, "completed_share": 0.7}, "CAMPAIGNS_COMPLETED_SHARE must not be below"),
    ],
)
def test_what_is_missing_or_wrong_is_named_as_it_is_set(given: dict, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        read_settings(**given)


def test_every_fault_is_told_at_once(monkeypatch) -> None:
    monkeypatch.setenv("CAMPAIGNS_PORT", "many")
    monkeypatch.setenv("CAMPAIGNS_BATCH_SIZE", "0")
    with pytest.raises(ConfigurationError) as refused:
        read_settings()
    assert "CAMPAIGNS_PORT" in str(refused.value) and "CAMPAIGNS_BATCH_SIZE" in str(refused.value)


def test_the_public_address_has_no_slash_at_its_end() -> None:
    assert read_settings(public_url="https://class.example.org/").public_url == "https://class.example.org"


def test_six_tenths_are_attendance_and_nearly_all_is_all_of_it() -> None:
    assert read_settings().shares == Shares(0.6, 0.95)
    assert read_settings(attended_share=0.5, completed_share=0.5).shares == Shares(0.5, 0.5)


def test_the_newest_secret_signs_and_old_ones_verify() -> None:
    settings = read_settings(secret="new", former_secrets="old, older,,")
    assert settings.secrets == (b"new", b"old", b"older")


def test_secrets_do_not_show() -> None:
    settings = read_settings(secret="hidden-secret", smtp_password="hidden-password", twilio_auth_token="hidden-token")
    assert "hidden" not in repr(settings)
    assert isinstance(settings, Settings)


def test_sites_that_may_frame_the_form_are_origins_and_nothing_else() -> None:
    settings = read_settings(embed_origins=" https://www.clinic.example , http://localhost:8080,")
    assert settings.embedders == ("https://www.clinic.example", "http://localhost:8080")
    assert read_settings().embedders == ()
    for wrong in ("www.clinic.example", "https://a.example/path", "https://a.example; script-src *", "https://*", "*"):
        with pytest.raises(ConfigurationError, match="CAMPAIGNS_EMBED_ORIGINS: must be origins"):
            read_settings(embed_origins=wrong)


@pytest.mark.parametrize(
    ("written", "channels"),
    [
        ("", set()),
        ("false", set()),
        (False, set()),
        ("true", {"email"}),
        (True, {"email"}),
        ("yes", {"email"}),
        ("0", set()),
        ("email", {"email"}),
        ("sms", {"sms"}),
        (" SMS, email,", {"email", "sms"}),
    ],
)
def test_double_opt_in_names_its_channels_and_true_stays_what_it_was(written: object, channels: set[str]) -> None:
    assert read_settings(double_opt_in=written).proves == channels
    assert read_settings().proves == set()


@pytest.mark.parametrize("written", ["text", "email;sms", "true,sms"])
def test_double_opt_in_for_any_other_word_is_refused_with_the_remedy(written: str) -> None:
    with pytest.raises(ConfigurationError, match="CAMPAIGNS_DOUBLE_OPT_IN: must name channels, email, sms or"):
        read_settings(double_opt_in=written)


def test_limits_of_the_form_come_from_the_settings() -> None:
    limits = read_settings(sign_ups_email_hour=1, sign_ups_ip_day=7).sign_up_limits
    assert (limits.email_an_hour, limits.email_a_day, limits.number_a_day) == (1, 10, 3)
    assert (limits.prefix_a_day, limits.ip_a_day) == (20, 7)


def test_the_price_of_a_text_is_an_amount_with_its_currency() -> None:
    assert read_settings().segment_price is None
    assert str(read_settings(sms_price=" 0.0083 USD ").segment_price) == "0.0083 USD"
    with pytest.raises(
        ConfigurationError, match="CAMPAIGNS_SMS_PRICE: must be an amount and a currency, such as 0.0083"
    ):
        read_settings(sms_price="0.0083")
