"""How guests arrive at an event, live."""

from datetime import datetime

from app.admin.guard import staff_pages
from app.edge.htmx import Answer, page_or_fragment
from app.models import Event
from app.presenters.charts import bar_chart
from app.presenters.event_times import moment
from app.services import arrivals, events

blueprint = staff_pages("admin_arrivals", __name__)


@blueprint.get("/events/<id:event_id>/arrivals")
def show(event_id: int) -> Answer:
    event = events.get_event(event_id, drafts=True)
    found = arrivals.figures_of(event_id)
    return page_or_fragment(
        "pages/admin/arrivals.html",
        "fragments/arrivals.html",
        event=event,
        found=found,
        chart=bar_chart([(_time(event, one.begins), one.seats_in) for one in found.spans]),
    )


def _time(event: Event, at: datetime) -> str:
    return moment(at, event.zone, "HH:mm")
