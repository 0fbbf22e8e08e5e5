"""What was sold, and when."""

from flask import Response

from app.api.admin_schemas import (
    AnalyticsOut,
    AnalyticsQuery,
    DayFiguresOut,
    EventFiguresOut,
    TotalsOut,
)
from app.api.body import api_blueprint
from app.api.present import json_response
from app.api.spec import KEY, answers, valid
from app.services.analytics import analyse

blueprint = api_blueprint("analytics", __name__)


@blueprint.get("/admin/analytics")
@valid(
    answers(401, HTTP_200=AnalyticsOut),
    query=AnalyticsQuery,
    tags=["Admin"],
    security=[{KEY: []}],
    operation_id="getAnalytics",
)
def analytics(query: AnalyticsQuery) -> Response:
    """Get figures of the bookings made in a span of days

    Every event appears, with or without bookings.
    """
    found = analyse(query.from_, query.to)
    return json_response(
        AnalyticsOut(
            totals=TotalsOut.model_validate(found),
            events=[EventFiguresOut.model_validate(event) for event in found.events],
            days=[DayFiguresOut.model_validate(day) for day in found.days],
        )
    )
