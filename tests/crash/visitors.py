"""People at the registration form, who remember what the page told them."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from urllib.parse import urlencode, urlsplit

from campaigns.web.stamps import stamp
from tests.crash.service import House

CONFIRMATION = "C0"
_AT_ONCE = 4
_PAGE = "/w/si-joint-runners"


class Visitors:
    """Registers people who differ in their address alone, several at once; each ticks the box for short reads."""

    def __init__(self, house: House, session_id: int) -> None:
        self._house = house
        self._host = urlsplit(house.environment["CAMPAIGNS_PUBLIC_URL"]).netloc
        self._session_id = session_id
        self._box = house.one("SELECT id FROM consent_wording WHERE channel = 'email' AND purpose = 'education'")
        self._numbers = count(1)
        self.acknowledged: set[str] = set()
        """Were thanked."""
        self.refused: set[str] = set()
        """Saw an error, or nothing at all: they may have a place or not."""

    def register(self, people: int) -> None:
        """Let so many new people send the form once."""
        with ThreadPoolExecutor(_AT_ONCE) as hands:
            list(hands.map(self.send, [f"v{next(self._numbers)}@example.com" for _ in range(people)]))

    def register_until(self, enough: Callable[[], bool], *, pause: float = 0.0) -> None:
        """Let new people come until somebody says that it is enough; after a refusal they wait for the web to answer."""
        while not enough():
            time.sleep(pause)
            before = len(self.refused)
            self.register(_AT_ONCE)
            if len(self.refused) > before:
                self._house.await_web()

    def press_again(self, people: Iterable[str]) -> None:
        """Let people who were not thanked send the form once more."""
        with ThreadPoolExecutor(_AT_ONCE) as hands:
            list(hands.map(self.send, people))

    def send(self, email: str) -> None:
        runtime = self._house.runtime
        shown = stamp(runtime.signer, self._house.webinar_id, runtime.clock() - timedelta(minutes=1))
        form = {"session": self._session_id, "first_name": "Sam", "email": email, "consent": self._box, "shown": shown}
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{self._host}"}
        line = http.client.HTTPConnection(self._host, timeout=60)
        try:
            line.request("POST", _PAGE, urlencode(form), headers)
            answer = line.getresponse()
            answer.read()
            thanked = answer.status == http.HTTPStatus.SEE_OTHER
        except (OSError, http.client.HTTPException):
            thanked = False
        finally:
            line.close()
        (self.acknowledged if thanked else self.refused).add(email)
        if thanked:
            self.refused.discard(email)
