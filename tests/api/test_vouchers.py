"""Vouchers by the API: organisers make and keep them, and `POST /bookings` takes their codes."""

from datetime import timedelta

import pytest

from app.api.fast_path import ApiFastPath
from app.models.columns import now

pytestmark = pytest.mark.usefixtures("invariants")


@pytest.fixture
def event(make_event):
    return make_event(capacity=20, price_minor=500)


@pytest.fixture
def vouchers(client, admin, event):
    """Call an address of the event's vouchers as staff."""

    def call(method, path="", **body):
        where = f"/api/admin/events/{event.id}/vouchers{path}"
        more = {"json": body} if method in {"post", "patch"} else {}
        return getattr(client, method)(where, headers=admin, **more)

    return call


@pytest.fixture(params=["express", "view"])
def lane(request, monkeypatch):
    if request.param == "view":
        monkeypatch.setattr(ApiFastPath, "_is_plain", lambda *_: False)


@pytest.fixture
def order(client, event, make_user, make_token):
    headers = make_token(make_user())

    def order(code, headers=headers, **facts):
        wish = {"event_id": event.id, "seats": 1, "code": code} | facts
        return client.post("/api/bookings", json=wish, headers=headers)

    return order


def fault(answer):
    (error,) = answer.json["errors"]
    assert answer.status_code == 422
    return error["field"], error["message"]


def test_a_voucher_is_made_listed_changed_and_withdrawn(vouchers, event):
    until = (now() + timedelta(days=3)).replace(microsecond=0)
    made = vouchers(
        "post",
        code="choir-2031",
        max_uses=4,
        price_effect="percent_off",
        price_value=20,
        valid_until=until.isoformat(),
        email="Meena@Example.com",
        note="For the choir",
    )
    assert made.status_code == 201
    facts = {
        **{"id": 1, "event_id": event.id, "code": "CHOIR-2031", "max_uses": 4, "used": 0},
        **{"price_effect": "percent_off", "price_value": 20, "email": "meena@example.com"},
        **{"ticket_type_id": None, "hold_id": None, "withdrawn": False, "note": "For the choir"},
    }
    assert facts.items() <= made.json.items()
    changed = vouchers("patch", "/1", max_uses=9, valid_until=None)
    assert (changed.json["max_uses"], changed.json["valid_until"]) == (9, None)
    assert changed.json["price_value"] == 20
    assert vouchers("delete", "/1").status_code == 204
    assert vouchers("delete", "/1").status_code == 204
    assert [one["withdrawn"] for one in vouchers("get").json["vouchers"]] == [True]
    assert vouchers("patch", "/1", max_uses=10).status_code == 404


def test_many_are_made_at_once_and_differ_by_their_codes(vouchers, sql):
    made = vouchers("post", "/batch", count=1000, price_effect="fixed_price", price_value=0)
    assert made.status_code == 201
    assert len({one["code"] for one in made.json["vouchers"]}) == 1000
    assert sql("SELECT count(DISTINCT code_key), max(price_value) FROM vouchers") == [(1000, 0)]
    assert vouchers("post", "/batch", count=1001).status_code == 422
    assert vouchers("post", "/batch", count=0).status_code == 422


@pytest.mark.parametrize(
    ("path", "asked", "other"),
    [
        ("/batch", {"count": 7, "note": "Altos"}, {"count": 8, "note": "Altos"}),
        ("", {"max_uses": 3}, {"max_uses": 4}),
        ("", {"code": "CHOIR-20"}, {"code": "CHOIR-21"}),
    ],
)
def test_a_request_repeated_with_its_key_makes_them_once(
    client, admin, event, make_event, sql, path, asked, other
):
    def send(facts, key="k-1", of=event):
        headers = {**admin, "Idempotency-Key": key}
        where = f"/api/admin/events/{of.id}/vouchers{path}"
        return client.post(where, json=facts, headers=headers)

    first, again = send(asked), send(asked)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    made = sql("SELECT count(*) FROM vouchers")[0][0]
    assert made == asked.get("count", 1)
    assert send(other).status_code == 422
    assert send(asked, "ü").status_code == 422
    assert send(asked, of=make_event()).status_code == 201
    assert sql("SELECT count(*) FROM vouchers") == [(2 * made,)]
    assert sql("SELECT count(*) FROM audit_entries WHERE action = 'voucher.added'") == [(2,)]


def test_the_list_has_pages_and_a_search(client, vouchers, factories, event, make_event, admin):
    factories.voucher(make_event())
    made = [
        factories.voucher(event, "CHOIR-1", note="Altos").id,
        factories.voucher(event, "BAND-20", email="ravi@example.com").id,
        factories.voucher(event, "7Q2K-9F4M").id,
    ]
    first = vouchers("get", "?limit=2")
    assert [one["id"] for one in first.json["vouchers"]] == [made[2], made[1]]
    rest = client.get(first.headers["Link"].split(">")[0][1:], headers=admin)
    assert [one["id"] for one in rest.json["vouchers"]] == [made[0]]
    for search, found in (("alto", 0), ("ravi@", 1), ("q2k9", 2), ("ch0ir", 0), ("band 2", 1)):
        listed = vouchers("get", f"?q={search}").json["vouchers"]
        assert [one["id"] for one in listed] == [made[found]], search
    assert vouchers("get", "?q=%25").json["vouchers"] == []


def test_what_breaks_a_rule_is_refused_by_its_field(vouchers, factories, event, make_event):
    other = make_event()
    hold, kind = factories.hold(other), factories.ticket_types(other, {"name": "VIP"})["VIP"]
    vouchers("post", code="CHOIR-20")
    for facts, expected in (
        ({"code": "ch01r 2o"}, ("code", "is another voucher's")),
        ({"code": "früh"}, ("code", "must be 4 to 30 letters from A to Z, and digits")),
        ({"price_effect": "percent_off"}, ("price_value", "is required")),
        ({"price_value": 5}, ("price_effect", "is required")),
        (
            {"price_effect": "percent_off", "price_value": 101},
            ("price_value", "must be from 1 to 100 per cent"),
        ),
        ({"hold_id": hold.id}, ("hold_id", "is no hold of this event")),
        ({"ticket_type_id": kind.id}, ("ticket_type_id", "is no ticket type of this event")),
    ):
        assert fault(vouchers("post", **facts)) == expected
    assert len(vouchers("get").json["vouchers"]) == 1


def test_fewer_uses_than_there_were_are_refused(vouchers, order):
    vouchers("post", code="CHOIR-20", max_uses=3)
    for _ in range(2):
        assert order("CHOIR-20").status_code == 201
    assert fault(vouchers("patch", "/1", max_uses=1)) == (
        "max_uses",
        "can't be below the 2 that are used",
    )
    assert vouchers("patch", "/1", max_uses=2).json["used"] == 2


def test_another_event_s_voucher_is_not_found(client, admin, factories, event, make_event):
    foreign = factories.voucher(make_event())
    where = f"/api/admin/events/{event.id}/vouchers/{foreign.id}"
    assert client.patch(where, json={"max_uses": 2}, headers=admin).status_code == 404
    assert client.delete(where, headers=admin).status_code == 404


def test_what_staff_does_is_in_the_audit_log_without_emails(client, vouchers, admin):
    vouchers("post", code="CHOIR-20", email="meena@example.com", note="Meena's")
    vouchers("patch", "/1", email="ravi@example.com", max_uses=2)
    vouchers("post", "/batch", count=5)
    vouchers("delete", "/1")
    entries = client.get("/api/admin/audit?limit=4", headers=admin).json
    assert [one["action"] for one in entries] == [
        *("voucher.withdrawn", "voucher.added", "voucher.changed", "voucher.added")
    ]
    assert "example.com" not in str(entries)
    assert entries[1]["after"] == {"vouchers": 5}


def test_an_order_takes_a_code(lane, order, factories, event, sql):
    factories.voucher(event, "CHOIR-20", price_effect="amount_off", price_value=150)
    booked = order("choir 20", seats=3)
    assert booked.status_code == 201
    assert sql("SELECT seats, price_minor FROM bookings") == [(3, 350)]
    refused = order("CHOIR-20")
    assert (refused.status_code, refused.json["type"]) == (409, "/docs/problems#code-refused")
    assert refused.json["reason"] == "used_up"
    assert order("").status_code == 201


def test_unknown_withdrawn_and_foreign_codes_are_one_answer(
    lane, order, factories, event, make_event
):
    factories.voucher(event, "WITHDRAWN", withdrawn=True)
    foreign = factories.voucher(make_event()).code
    answers = [order(code) for code in ("WITHDRAWN", foreign, "NEVERWAS", "ü", "x" * 60)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.json["detail"] for answer in answers}) == 1


def test_staff_orders_with_a_code_for_others(client, admin, event, factories, make_user):
    factories.voucher(event, "CHOIR-20", email="meena@example.com")
    wish = {"event_id": event.id, "code": "CHOIR-20", "name": "Meena"}
    wish["email"] = "meena@example.com"
    assert client.post("/api/bookings", json=wish, headers=admin).status_code == 201
