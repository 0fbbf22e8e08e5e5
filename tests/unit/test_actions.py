"""What staff did is said in words."""

import re
from pathlib import Path

from app.presenters.audit_actions import action_label

ROOT = Path(__file__).parents[2]


def test_every_action_that_is_written_down_is_said_in_words(app):
    written = {
        action
        for file in (ROOT / "app" / "services").glob("*.py")
        for action in re.findall(r"audit\.record\(\s*\"([a-z.]+)\"", file.read_text())
    }
    assert len(written) >= 8
    with app.test_request_context():
        assert not {action for action in written if action_label(action) == action}
