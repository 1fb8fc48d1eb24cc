"""Every room of the staff pages behind one router."""

from __future__ import annotations

from fastapi import APIRouter

from campaigns.runtime import Runtime
from campaigns.web.staff import deliveries, details, health, imports, login, people, sessions, webinars


def routes(_runtime: Runtime) -> APIRouter:
    """Give the routes of the staff pages; handlers find the runtime on the application."""
    router = APIRouter()
    for room in (login, webinars, details, sessions, deliveries, people, imports, health):
        router.include_router(room.router)
    return router
