"""Who signs: the relay, or we with a key of ours."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from campaigns.errors import ConfigurationError
from campaigns.settings import read_settings


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch) -> None:
    for name in list(os.environ):
        if name.startswith(("CAMPAIGNS_", "TWILIO_")):
            monkeypatch.delenv(name)


def test_the_relay_signs_unless_a_key_is_named() -> None:
    settings = read_settings()
    assert (settings.dkim_selector, settings.dkim_domain, settings.dkim_key_file) == ("", "", None)


def test_a_key_is_named_by_its_file(monkeypatch) -> None:
    monkeypatch.setenv("CAMPAIGNS_DKIM_SELECTOR", "s2026")
    monkeypatch.setenv("CAMPAIGNS_DKIM_KEY_FILE", "/run/secrets/dkim.pem")
    assert read_settings().dkim_key_file == Path("/run/secrets/dkim.pem")


def test_the_selector_of_a_relay_that_signs_may_stand_alone() -> None:
    assert read_settings(dkim_selector="relay1", dkim_domain="clinic.org").dkim_key_file is None


@pytest.mark.parametrize("given", [{"dkim_key_file": "/run/secrets/dkim.pem"}, {"dkim_domain": "clinic.org"}])
def test_a_key_or_a_domain_without_a_selector_is_half_a_setting(given) -> None:
    with pytest.raises(ConfigurationError, match="also need CAMPAIGNS_DKIM_SELECTOR"):
        read_settings(**given)
