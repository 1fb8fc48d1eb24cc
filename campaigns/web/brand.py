"""`/brand/…`: the clinic's own colours and logo.

Their addresses carry a digest, so that a browser keeps them for a year.
"""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from campaigns.brand import Brand
from campaigns.errors import NotFound

router = APIRouter()

_FOR_A_YEAR: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
_LOCKED: Final = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}
"""A picture that somebody opens by itself may hold no script, whatever is in it."""


@router.get("/brand/{name}")
def show(name: str, request: Request) -> Response:
    """Give the style sheet or the picture; `NotFound` for what the settings do not name."""
    brand: Brand = request.app.state.pages.brand
    if name == "colours.css" and brand.colours:
        return Response(brand.colours, media_type="text/css", headers=_FOR_A_YEAR)
    if brand.logo and name == brand.logo_name:
        return Response(brand.logo, media_type=brand.logo_type, headers={**_FOR_A_YEAR, **_LOCKED})
    raise NotFound
