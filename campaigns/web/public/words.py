"""Pages of plain words: privacy, the terms of our texts, accessibility, where to find one's page."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from campaigns.web.views import page

router = APIRouter()

_PAGES: Final = ("privacy", "text-terms", "accessibility", "find")


@router.get("/privacy")
@router.get("/text-terms")
@router.get("/accessibility")
@router.get("/find")
def show(request: Request) -> HTMLResponse:
    """Show the page of that name."""
    name = request.url.path.strip("/")
    assert name in _PAGES
    return page(request, f"public/{name}.html")
