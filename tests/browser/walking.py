"""How people walk through the pages: with a mouse, with a finger, by keyboard, without script; and their mail.

Who enters: `test_walks.py`. `WALK_PICTURES=folder` keeps a picture of every stop.
"""

import os
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parseaddr

from playwright.sync_api import Locator, Page, expect

from campaigns.domain.steps import Channel
from campaigns.operations.send import send_batch
from campaigns.providers.folder import Captured, captured
from campaigns.runtime import Runtime, open_desk
from workers.scheduler import rhythms

_PICTURES = os.environ.get("WALK_PICTURES")
_DESK = {"width": 1280, "height": 900}
_PHONE = {"width": 390, "height": 844}
_ENOUGH_TABS = 90
"""More than any page has controls."""
_PATIENCE = 30_000
"""Milliseconds: a net, no measure."""
_ROUNDS = 3
"""Of the rhythms: what one of them plans, the next round hands off."""


@dataclass(frozen=True)
class Way:
    """How somebody uses the browser."""

    name: str
    size: dict = field(default_factory=lambda: _DESK)
    touch: bool = False
    keyboard: bool = False
    script: bool = True
    dark: bool = False

    def __str__(self) -> str:
        return self.name


DESKTOP = Way("desktop")
PHONE = Way("phone", size=_PHONE, touch=True)
KEYBOARD = Way("keyboard", keyboard=True)
NO_SCRIPT = Way("no-script", script=False)
DARK = Way("dark", dark=True)
WAYS = (DESKTOP, PHONE, KEYBOARD, NO_SCRIPT, DARK)


@dataclass
class Walker:
    """Somebody who goes from page to page as people do: nothing is pressed that they could not reach."""

    way: Way
    page: Page
    glass: Page
    """Where a page is looked over that runs no script: axe is one."""
    faultless: object
    """Looks a page over."""
    walk: str
    _stops: int = 0

    def go(self, address: str) -> None:
        """Type an address."""
        self.page.goto(address)

    def read(self, mail: Captured) -> None:
        """Open an email, in the same window as a web mailer does."""
        self.page.goto("about:blank")
        self.page.set_content(mail.html)
        self._picture(re.sub(r"[^a-z]+", "-", mail.subject.lower())[:40])

    def follow(self, name: str) -> None:
        """Follow the link of this name."""
        self._press(self.page.get_by_role("link", name=name, exact=True).first)

    def press(self, name: str) -> None:
        """Press the button of this name."""
        self._press(self.page.get_by_role("button", name=name, exact=True))

    def choose(self, control: Locator) -> None:
        """Choose one of several, or tick a box."""
        if self.way.keyboard:
            self._tab_to(control)
            if not control.is_checked():
                self.page.keyboard.press("Space")
        elif self.way.touch:
            control.tap()
        else:
            control.check()
        expect(control).to_be_checked()

    def write(self, label: str, words: str) -> None:
        """Write into the field of this label."""
        found = self.page.get_by_label(label, exact=True)
        if self.way.keyboard:
            self._tab_to(found)
            self.page.keyboard.type(words)
        else:
            self._touch(found)
            found.fill(words)

    def sees(self, *words: str) -> None:
        """These words stand on the page, to be read without opening anything."""
        for one in words:
            expect(self.page.get_by_text(one).first).to_be_visible(timeout=_PATIENCE)

    def stop(self, name: str) -> None:
        """Look the page over, and keep a picture if asked."""
        self._picture(name)
        self.faultless(self.page if self.way.script else self._under_glass(), f"{self.walk} {self.way} {name}")

    def _under_glass(self) -> Page:
        """The very page that is open, where axe can run and none of our own scripts does."""
        content, address = self.page.content(), self.page.url.partition("#")[0]
        self.glass.unroute_all()
        self.glass.route("**/*", lambda route: route.abort() if "/media/" in route.request.url else route.continue_())
        self.glass.route("**/*.js*", lambda route: route.abort())
        self.glass.route(
            lambda url: url == address, lambda route: route.fulfill(body=content, content_type="text/html")
        )
        self.glass.goto(address)
        return self.glass

    def _picture(self, name: str) -> None:
        self._stops += 1
        if _PICTURES:
            label = f"{self.walk}-{self.way}-{self._stops:02}-{name}"
            self.page.screenshot(path=f"{_PICTURES}/{label}.png", full_page=True)

    def _press(self, control: Locator) -> None:
        # Most leads to another page; what only leads down this one is done at once.
        if self.way.keyboard:
            self._tab_to(control)
            self.page.keyboard.press("Enter")
            self.page.wait_for_load_state()
        else:
            self._touch(control)

    def _touch(self, control: Locator) -> None:
        if self.way.touch:
            control.tap()
        else:
            control.click()

    def _tab_to(self, control: Locator) -> None:
        """Press Tab until the control has the focus, and see that it shows; arrows lead through a group of radios."""
        wanted = control.element_handle()
        for _ in range(_ENOUGH_TABS):
            where = self.page.evaluate(_WHERE, wanted)
            if where == "there":
                assert self.page.evaluate(_SHOWS), f"{self.walk}: nobody sees that {control} has the focus"
                return
            self.page.keyboard.press("ArrowDown" if where == "group" else "Tab")
        raise AssertionError(f"{self.walk}: {control} is not reached by keyboard")


_WHERE = """(wanted) => {
  const here = document.activeElement;
  if (here === wanted) return "there";
  return here.type === "radio" && wanted.type === "radio" && here.name === wanted.name && here.form === wanted.form
    ? "group" : "elsewhere";
}"""
_SHOWS = """() => {
  const ring = (one) => one && getComputedStyle(one).outlineStyle !== "none";
  return ring(document.activeElement) || ring(document.activeElement.closest("label"));
}"""


@dataclass
class Mail:
    """The scheduler and a worker, made to work by hand, and the folder in which they put what they send."""

    runtime: Runtime
    bells: list[int] = field(default_factory=list)

    def work(self) -> None:
        """Keep every rhythm of the scheduler, and answer every doorbell, until nothing is left for this instant."""
        with open_desk(self.runtime, lambda: False) as desk:
            for _ in range(_ROUNDS):
                for rhythm in rhythms(self.runtime, lambda _queue, batch: self.bells.append(batch)):
                    rhythm.act()
                while self.bells:
                    send_batch(desk, self.bells.pop())

    def live(self, until: datetime, step: timedelta = timedelta(hours=1)) -> None:
        """Let time pass, with everything at work."""
        clock = self.runtime.clock
        while clock.now < until:
            clock.now = min(until, clock.now + step)
            self.work()

    def got(self, email: str) -> list[Captured]:
        """What somebody was sent by email, the newest first."""
        found = captured(self.runtime.settings.outbox, channel=Channel.EMAIL)
        return [one for one in found if parseaddr(one.recipient)[1] == email]

    def newest(self, email: str, subject: str) -> Captured:
        """The newest email to somebody, which is about this."""
        found = self.got(email)
        assert found, f"{email} got nothing"
        assert subject in found[0].subject, [one.subject for one in found]
        return found[0]
