"""The rooms of the staff pages, behind one router."""


def test_every_address_of_the_staff_answers_only_to_who_is_signed_in(office):
    routes = {path for path in office.client.app.openapi()["paths"] if path.startswith("/staff")}
    open_to_all = {"/staff/sign-in", "/staff/login"}
    assert open_to_all < routes
    office.client.cookies.clear()
    for path, acts in office.client.app.openapi()["paths"].items():
        if path not in routes - open_to_all:
            continue
        for method in acts:
            answer = office.client.request(method, path.format(**dict.fromkeys(PARTS, "1")), data={"x": "y"})
            assert answer.status_code == 303, (method, path)
            assert answer.headers["location"].startswith("/staff/sign-in")


PARTS = (
    "slug",
    "session_id",
    "delivery_id",
    "registration_id",
    "token",
    "kind",
    "name",
    "reply_id",
    "question_id",
    "answer_id",
    "field_id",
    "alert_id",
    "stream_id",
    "pause_id",
    "switch_id",
    "version_id",
    "claim_id",
)
