"""The site with an unfair desk, to show that the tests of fairness would notice."""

from app.booking import desk, group_commit


class UnfairTurns(group_commit.GroupCommit):
    """Whoever came last leads the next turn, and takes the others that came late with them."""

    def _pass_leadership(self):
        with self._mutex:
            self._waiting.rotate(1)
            if self._waiting:
                self._waiting[0].wake()
            else:
                self._leading = False

    def _next_batch(self):
        with self._mutex:
            batch = [self._waiting.popleft()]
            batch += [
                self._waiting.pop() for _ in range(min(self._max_batch - 1, len(self._waiting)))
            ]
            for ticket in batch:
                ticket.taken = True
            return batch


def make_app():
    desk.GroupCommit = UnfairTurns
    from wsgi import app

    return app
