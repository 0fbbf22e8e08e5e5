"""What `flask worker` does of reservations, in one go."""

from app.services import reservations


def expire_due(desk):
    """End what was not paid in time; of how many events."""
    due = reservations.due_events()
    for event_id in due:
        reservations.expire(event_id, desk)
    return len(due)
