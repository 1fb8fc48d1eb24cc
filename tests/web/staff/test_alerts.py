"""What somebody has to look at, until it is put away."""

import pytest

from campaigns.store import alerts
from campaigns.store.engine import transaction
from campaigns.web.staff import alerts as page


def raised(office, kind="page", subject="stream:1: door", words="The provider cannot be reached", times=1):
    with transaction(office.runtime.engine) as db:
        for _ in range(times):
            alerts.raise_alert(db, kind, subject, words, office.clock())
    return office.world.one("SELECT max(id) FROM alert")


def test_an_alert_says_what_it_is_since_when_and_how_often(office):
    raised(office, times=3)
    office.clock.forward(minutes=5)
    raised(office, "review", "complaints", "3 of 2,000 emails were called spam")
    said = office.page("/staff/health")
    assert (
        "Alerts 2 raised Messages do not go out The provider cannot be reached since today 12:00, 3 times, last today 12:00"
        in said
    )
    assert "Worth a look 3 of 2,000 emails were called spam since today 12:05, once I have seen to it" in said
    assert "Health 2 to be seen to" in office.page("/staff")


@pytest.mark.parametrize("kind", ["bug", "template", "config", "page", "review", "person"])
def test_every_kind_has_its_words_and_its_sign(office, kind):
    raised(office, kind)
    sign, words = page._KINDS[kind]
    html = office.get("/staff/health").text
    assert words in html and f'<symbol id="i-{sign}"' in html


@pytest.mark.parametrize(
    ("subject", "href"),
    [
        ("inbound:7", "/staff/replies/7"),
        ("delivery:9: doubled", "/staff/deliveries/9"),
        ("stream:1/example.com: busy", "#way-1"),
    ],
)
def test_the_way_to_what_it_is_about_is_one_link(office, subject, href):
    raised(office, subject=subject)
    assert f'<a href="{href}">' in office.get("/staff/health").text


def test_what_is_about_nothing_that_has_a_page_has_no_link(office):
    raised(office, subject="complaints")
    assert "once</p>" in office.get("/staff/health").text


def test_putting_it_away_is_on_record_and_done_once(office):
    alert = raised(office)
    answer = office.post(f"/staff/alerts/{alert}/clear")
    assert answer.headers["location"] == "/staff/health?done=alert#alerts"
    said = office.page("/staff/health?done=alert")
    assert "The alert is put away." in said and "Alerts nothing is raised" in said
    assert office.record() == [("alert seen to", f"alert:{alert}")]
    assert office.post(f"/staff/alerts/{alert}/clear").status_code == 409


@pytest.mark.parametrize(
    ("path", "fields", "status"), [("{}", {"csrf": "stolen"}, 403), ("999", {}, 409), ("x", {}, 404)]
)
def test_a_press_that_cannot_be_meant_changes_nothing(office, path, fields, status):
    alert = raised(office)
    assert office.post(f"/staff/alerts/{path.format(alert)}/clear", **fields).status_code == status
    assert "1 raised" in office.page("/staff/health")
