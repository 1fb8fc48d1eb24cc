"""Rendering pages: one Jinja environment for everything a browser sees.

Whatever stands in a page is escaped; a template asks for nothing that it was not
given. Messages have an environment of their own in `rendering/`.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Final

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from campaigns import language
from campaigns.brand import read_brand
from campaigns.rendering.times import city_of, zone_words
from campaigns.settings import Settings
from campaigns.web import languages, times
from campaigns.web.headers import content_policy

STATIC: Final = Path(__file__).parent / "static"

_NORTH_AMERICAN: Final = 12
"""Characters of `+12075550142`."""

PERSONAL: Final = {
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
}
"""Headers of a page whose address alone opens it, or that shows what somebody typed."""


class Pages:
    """Every page template, with the clinic's facts at hand."""

    def __init__(self, settings: Settings, templates: Path) -> None:
        """Take the folder that holds `web/`."""
        self.framed_by = " ".join(settings.embedders)
        self.brand = read_brand(settings)
        self._environment = Environment(
            loader=FileSystemLoader(templates / "web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            extensions=["jinja2.ext.i18n"],
        )
        self._environment.policies["ext.i18n.trimmed"] = True
        self._environment.install_gettext_callables(  # type: ignore[attr-defined]  # the extension adds it
            language.gettext, language.ngettext, newstyle=True, pgettext=language.pgettext
        )
        self._environment.globals.update(
            clinic=settings,
            asset=_asset_addresses(),
            brand=self.brand,
            spoken=language.spoken,
            other_languages=languages.others,
            in_language=languages.here_in,
            to=languages.onward,
        )
        self._environment.filters.update(
            day=times.day,
            short_day=times.short_day,
            hour=times.hour,
            own_time=times.own_time,
            clinic_time=times.clinic_time,
            same_clock=times.same_clock,
            telephone=telephone,
            zone_name=zone_words,
            city=city_of,
            language_name=language.name_of,
            zone_title=times.zone_title,
        )

    def render(self, template: str, **facts: object) -> str:
        """Give the page as text; a fact the template needs and does not get raises."""
        return self._environment.get_template(template).render(**facts)


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    personal: bool = False,
    embedded: bool = False,
    headers: dict[str, str] | None = None,
    **facts: object,
) -> HTMLResponse:
    """Answer with a page; `personal` keeps it out of caches, indexes and other sites' logs.

    An `embedded` one goes without our frame around it, and may stand in one of those sites
    that the settings name; where they name none it is a page like any other.
    """
    pages: Pages = request.app.state.pages
    embedded = embedded and bool(pages.framed_by)
    body = pages.render(template, personal=personal, embedded=embedded, request=request, **facts)
    extra = {
        **(PERSONAL if personal else {"Cache-Control": "no-cache", "Vary": "Accept-Language"}),
        "Content-Language": language.spoken(),
        **(headers or {}),
    }
    if embedded:
        extra["Content-Security-Policy"] = content_policy(framed_by=pages.framed_by)
    return HTMLResponse(body, status_code=status, headers=extra)


def telephone(number: str) -> str:
    """Write an E.164 number as its owner does: `(207) 555-0142`; beyond North America it stays as it is."""
    if number.startswith("+1") and len(number) == _NORTH_AMERICAN:
        return f"({number[2:5]}) {number[5:8]}-{number[8:]}"
    return number


def _asset_addresses() -> dict[str, str]:
    # The digest in the address lets a browser keep a file for a year and still get the next version.
    return {
        file.name: f"/static/{file.name}?v={sha256(file.read_bytes()).hexdigest()[:10]}" for file in STATIC.iterdir()
    }
