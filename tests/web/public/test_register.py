"""The registration page, from the first look to the thanks."""


def test_page_shows_webinar_and_form(house):
    answer = house.client.get(f"/w/{house.slug}")
    assert answer.status_code == 200
    assert "The aching lower back, explained for runners" in answer.text


def test_form_leads_to_thanks(house):
    answer = house.send()
    assert answer.status_code == 303
    thanks = house.client.get(answer.headers["location"])
    assert thanks.status_code == 200 and "You’re in." in thanks.text
