"""Operations over HTTP: reconciliation, and seeding the demo's data."""

from flask import Response

from app.api.admin_schemas import (
    FindingOut,
    ReconciliationIn,
    ReconciliationOut,
    RehearsalRemovedOut,
    SeededOut,
)
from app.api.body import api_blueprint
from app.api.present import json_response
from app.api.spec import STAFF, answers, valid
from app.edge.current import desk, settings
from app.operations import reconcile
from app.services import demo, rehearsals

blueprint = api_blueprint("admin_operations", __name__)


@blueprint.post("/admin/reconciliation")
@valid(
    answers(400, 401, 413, 415, HTTP_200=ReconciliationOut),
    body=ReconciliationIn,
    operation_id="reconcile",
    **STAFF,
)
def reconcile_some(body: ReconciliationIn) -> Response:
    """Check the next 2,000 events' seats against their bookings, and their tokens

    Tokens that differ are put right. As long as `last` is a number, go on with it as `after`.
    """
    found = reconcile.reconcile_some(desk().gate, after=body.after, repair=body.repair)
    return json_response(
        ReconciliationOut(
            events=found.events,
            redis_answered=found.redis_answered,
            last=found.last,
            findings=[FindingOut.model_validate(finding) for finding in found.findings],
        )
    )


@blueprint.post("/admin/seed_demo_data")
@valid(answers(401, HTTP_201=SeededOut), operation_id="seedDemoData", **STAFF)
def seed_demo_data() -> Response:
    """Seed the demo's users and events

    What is there already stays as it is. Outside the demo its users have no password.
    """
    seeded = demo.seed_demo(desk(), with_password=settings().demo)
    return json_response(SeededOut.model_validate(seeded), 201)


@blueprint.delete("/admin/rehearsals/<run:run>")
@valid(
    answers(401, 404, 503, HTTP_200=RehearsalRemovedOut), operation_id="removeRehearsal", **STAFF
)
def remove_rehearsal(run: str) -> Response:
    """Remove the people, bookings and event that a rehearsal made

    `run` is the rehearsal's name, the eight letters and digits after "Rehearsal". Nothing else
    goes: neither other people nor their bookings, nor an event that still has some. May be sent
    again.
    """
    found = rehearsals.remove(run, desk(), settings().zone)
    return json_response(RehearsalRemovedOut.model_validate(found))
