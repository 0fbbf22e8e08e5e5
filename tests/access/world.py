"""A house with one of each thing in it, and everybody who may come to its doors."""

import re
from dataclasses import dataclass, field
from datetime import timedelta

from app.db import transaction
from app.edge.access import OWN, RULES, Who
from app.models import Mail, Permission, Role
from app.models.columns import now
from app.presenters.gift_addresses import gift_secret
from app.presenters.ticket_addresses import ticket_secret
from app.services import gifts, sign_ins, staff
from app.services.api_tokens import create_api_token
from tests.web.conftest import Visitor

ROLES = list(Role)
PERMISSIONS = {Who.SEE, Who.MANAGE, Who.KEYS, Who.CHECK_IN}
PERSONAS = ["anonymous", "bob", *ROLES, "alice"]
"""Alice, whose things are asked for, last: she may lose them."""
BODIES = {
    "api_bookings.change_booking": {"seats": 1},
    "api_admin_payments.record_payment": {
        "provider": "transfer",
        "amount_minor": 100,
        "currency": "INR",
        "bank_reference": "T-1",
    },
}
"""Where an empty one would be refused before anybody looks for the thing."""


@dataclass
class Persona:
    name: str
    key: str = ""
    token: str = ""
    session: dict = field(default_factory=dict)

    def may(self, endpoint):
        """What the table says: True, False, or 404 for what is another user's."""
        who, user = RULES[endpoint], self.name in {"alice", "bob"}
        if who in PERMISSIONS:
            return self.name in ROLES and self.name.may(Permission(who))
        if who == Who.USER and not user:
            return False
        if who == Who.CALLER and not user and self.name not in {Role.ORGANISER, Role.OWNER}:
            return False
        return 404 if self.name == "bob" and endpoint in OWN else True


class World:
    """One of each thing there is; whatever is Alice's, Bob asks for too."""

    def __init__(self, app, factories):
        self.personas = {name: Persona(name) for name in PERSONAS}
        event = factories.event(capacity=20)
        users = {name: factories.user(f"{name}@example.com") for name in ("alice", "bob")}
        booking = factories.booking(event, users["alice"], seats=3, price_minor=25_000)
        hold = factories.hold(event)
        message = factories.message(event)
        tokens = {}
        with app.app_context():
            for name, user in users.items():
                persona = self.personas[name]
                token, persona.token = create_api_token(user.id, "laptop")
                persona.session = {"user": sign_ins.begin_for_user(user)}
                tokens[name] = token.id
            for role in ROLES:
                limits = {"event_ids": [event.id], "expires_at": now() + timedelta(days=1)}
                limits = limits if role == Role.DOOR else {}
                key, secret = staff.create_key(f"{role} key", role, **limits)
                self.personas[role].key = secret
                self.personas[role].session = {"admin": sign_ins.begin_for_staff(key.key_digest)}
            # Read here: a transaction that is run again forgets what the session has loaded.
            spare_id = staff.create_key("spare", Role.VIEWER)[0].id
            secret = ticket_secret(booking)
            gift = gifts.give(app.extensions["desk"], booking.id)
            given = gift_secret(gift)
            with transaction() as session:
                mail = Mail(
                    letter="ticket", recipient="a@b.example", locale="en_IN", state="given_up"
                )
                session.add(mail)
        receipt = factories.receipt(factories.payment(booking))
        refund = factories.refund(factories.payment(booking))
        self.ids = {
            "event_id": event.id,
            "booking_id": booking.id,
            "secret": secret,
            "gift_id": gift.booking_id,
            "gift_secret": given,
            "user_id": users["alice"].id,
            "token_id": tokens["alice"],
            "key_id": spare_id,
            "hold_id": hold.id,
            "type_id": factories.ticket_types(event, {"name": "VIP"})["VIP"].id,
            "voucher_id": factories.voucher(event).id,
            "mail_id": mail.id,
            "message_id": message.id,
            "refund_id": refund.id,
            "receipt_id": receipt.id,
            "letter": "1.M1P1.host",
            "number": 0,
            "seat": 1,
            "check_in_id": factories.check_in(event),
            "slug": event.slug,
            "provider": "stripe",
            "reference": booking.reference,
            "digest": "0" * 64,
            "run": "0" * 8,
            "filename": "css/site.css",
            "token": "0b6b2f0e-8f35-4f0e-9d3c-3a1d9c1f7a55",
        }


def rules_of(app):
    return {rule.endpoint: rule for rule in app.url_map.iter_rules()}


def ask(app, endpoint, persona, ids, query=""):
    """What the persona gets at the address: by headers from the API, by its session on pages."""
    rule = rules_of(app)[endpoint]
    method = next(iter(sorted(rule.methods - {"HEAD", "OPTIONS"})))
    path = re.sub(r"<(?:[^:<>]+:)?(\w+)>", lambda found: str(ids[found[1]]), rule.rule) + query
    if path.startswith("/api/"):
        body = BODIES.get(endpoint, {})
        headers = headers_of(persona)
        return read(app.test_client().open(path, method=method, json=body, headers=headers))
    visitor = Visitor(app)
    with visitor._client.session_transaction() as session:
        session.update(persona.session)
    if method == "POST":
        return read(visitor.post(path))
    return read(visitor.get(path, headers={"Accept": "text/html", **headers_of(persona)}))


def read(answer):
    """To its end: a file is sent while it is read."""
    answer.get_data()
    answer.close()
    return answer


def headers_of(persona):
    if persona.key:
        return {"X-Admin-Key": persona.key}
    return {"Authorization": f"Bearer {persona.token}"} if persona.token else {}


def is_refused(answer):
    where = answer.headers.get("Location", "")
    return answer.status_code in {401, 403} or bool(re.match("/(sign-in|admin/login)", where))
