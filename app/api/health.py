"""Liveness and readiness."""

from flask import Response

from app.api.body import api_blueprint
from app.api.present import json_response
from app.api.schemas import HealthOut, ReadyOut
from app.api.spec import answers, valid
from app.edge.current import desk
from app.operations.health import readiness

# Not rate limited, for load balancers and monitors.
blueprint = api_blueprint("health", __name__, limited=False)


@blueprint.get("/health")
@valid(answers(HTTP_200=HealthOut), tags=["Health"], operation_id="getHealth")
def health() -> Response:
    """Tell that the process is alive"""
    return json_response(HealthOut(status="ok"))


@blueprint.get("/ready")
@valid(answers(HTTP_200=ReadyOut, HTTP_503=ReadyOut), tags=["Health"], operation_id="getReadiness")
def ready() -> Response:
    """Tell whether the database, its migrations and Redis are there

    Without Redis, or with one that stores nothing (a replica, a full one), the site works, slower:
    that is `degraded`, and still 200.
    """
    found = readiness(desk().gate)
    payload = ReadyOut(
        status=found.status,
        database=found.database,
        migrations=found.migrations,
        redis=found.redis,
    )
    return json_response(payload, 200 if found.ready else 503)
