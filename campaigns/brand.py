"""The clinic's own colours and logo as a browser and a mail program get them, where the settings name any."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from campaigns.clinic import LOGO_TYPES
from campaigns.domain.look import HOUSE, Palette
from campaigns.settings import Settings


@dataclass(frozen=True, slots=True)
class Brand:
    """What a page links to; an empty address means that there is none."""

    colours: bytes = b""
    logo: bytes = b""
    logo_type: str = ""
    logo_name: str = ""

    @property
    def colours_address(self) -> str:
        """Where the style sheet is."""
        return f"/brand/colours.css?v={_digest(self.colours)}" if self.colours else ""

    @property
    def logo_address(self) -> str:
        """Where the picture is."""
        return f"/brand/{self.logo_name}?v={_digest(self.logo)}" if self.logo else ""


def read_brand(settings: Settings) -> Brand:
    """Read what the settings name."""
    palette = settings.palette
    colours = b"" if palette == HOUSE else _style_sheet(palette).encode()
    if settings.logo is None:
        return Brand(colours)
    ending = settings.logo.suffix.lower()
    return Brand(colours, settings.logo.read_bytes(), LOGO_TYPES[ending], f"logo{ending}")


def email_logo(settings: Settings) -> str:
    """Give the full address of the logo for emails; empty without one that mail programs show."""
    brand = read_brand(settings)
    return f"{settings.public_url}{brand.logo_address}" if brand.logo_type == "image/png" else ""


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:10]


def _style_sheet(one: Palette) -> str:
    return f""":root {{
  --primary: {one.primary}; --primary-deep: {one.primary_deep};
  --action: {one.action}; --action-deep: {one.action_deep};
  --ticket: {one.primary}; --ticket-side: {one.ticket_side}; --ticket-soft: {one.ticket_soft};
  --ticket-line: {one.ticket_line}; --ticket-dot: {one.ticket_dot};
}}
@media (prefers-color-scheme: dark) {{
  :root {{
    --primary: {one.night_primary}; --primary-deep: {one.night_primary_deep};
    --action: {one.night_action}; --action-deep: {one.night_action_deep}; --on-action: {one.on_night_action};
    --ticket: {one.night_ticket}; --ticket-side: {one.night_ticket_side};
  }}
}}
"""
