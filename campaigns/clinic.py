"""The part of the settings that says who the clinic is, what it looks like, and what it pays for a text."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from campaigns.domain.look import ACTION, PRIMARY, Palette, palette_of
from campaigns.domain.prices import Price, read_price
from campaigns.errors import Rejected

LOGO_TYPES: Final = {".png": "image/png", ".svg": "image/svg+xml"}
_MOST: Final = 50 * 1024
_PNG: Final = b"\x89PNG\r\n\x1a\n"


class ClinicSettings(BaseSettings):
    """Who writes, in which colours, and at what price."""

    model_config = SettingsConfigDict(env_prefix="CAMPAIGNS_", frozen=True, extra="ignore", populate_by_name=True)

    clinic_name: str = "Example Clinic"
    """Neutral: it must not name a condition."""
    program_name: str = "Runners' Class"
    clinic_address: str = "120 Quay Street, Portland, ME 04101"
    clinic_phone: str = "(207) 555-0100"
    clinic_zone: str = "America/New_York"
    primary_colour: str = PRIMARY
    """`#rrggbb` of links, headings and the ticket; readable on our light grounds, which is checked at the start."""
    action_colour: str = ACTION
    """`#rrggbb` of the buttons that matter; white words on it must be readable."""
    logo: Path | None = None
    """A PNG or SVG file of up to 50 KB beside the clinic's name. Emails show a PNG only: few programs know SVG."""

    sms_price: str = ""
    """Price of one segment of a text in the account's currency, such as `0.0083 USD`; empty: nobody has said."""

    @field_validator("sms_price")
    @classmethod
    def _price(cls, value: str) -> str:
        try:
            return str(read_price(value) or "")
        except Rejected as wrong:
            raise ValueError(str(wrong)) from None

    @field_validator("logo")
    @classmethod
    def _picture(cls, value: Path | None) -> Path | None:
        if value is None:
            return None
        if value.suffix.lower() not in LOGO_TYPES:
            raise ValueError("must be a .png or .svg file")
        try:
            content = value.read_bytes()
        except OSError as error:
            raise ValueError(f"cannot be read: {error.strerror}") from None
        if len(content) > _MOST:
            raise ValueError(f"is larger than {_MOST // 1024} KB: make it smaller, every page loads it")
        if (value.suffix.lower() == ".png") != content.startswith(_PNG):
            raise ValueError("is not what its name says: a .png file must be a PNG picture")
        return value

    @model_validator(mode="after")
    def _readable(self) -> ClinicSettings:
        try:
            palette_of(self.primary_colour, self.action_colour)
        except Rejected as wrong:
            raise ValueError(f"CAMPAIGNS_{(wrong.field or '').upper()}: {wrong}") from None
        return self

    @property
    def segment_price(self) -> Price | None:
        """What one segment of a text costs; None if nobody has said."""
        return read_price(self.sms_price)

    @property
    def palette(self) -> Palette:
        """Every shade of the two colours."""
        return palette_of(self.primary_colour, self.action_colour)
