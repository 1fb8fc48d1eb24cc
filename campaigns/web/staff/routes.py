"""Every room of the staff pages behind one router."""

from __future__ import annotations

from fastapi import APIRouter

from campaigns.runtime import Runtime
from campaigns.web.staff import (
    alerts,
    answers,
    claims,
    deliveries,
    details,
    editor,
    form_fields,
    health,
    imports,
    login,
    message_acts,
    messages,
    people,
    preview,
    questions,
    replies,
    sending,
    sessions,
    stops,
    webinars,
)


def routes(_runtime: Runtime) -> APIRouter:
    """Give the routes of the staff pages; handlers find the runtime on the application."""
    router = APIRouter()
    for room in (login, webinars, details, sessions, replies, questions, deliveries, people, stops, imports):
        router.include_router(room.router)
    for room in (form_fields, answers):
        router.include_router(room.router)
    for room in (messages, editor, message_acts, preview, claims):
        router.include_router(room.router)
    for room in (health, sending, alerts):
        router.include_router(room.router)
    return router
