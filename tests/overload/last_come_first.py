"""The site with an unfair desk, to show that the tests of fairness would notice."""

from app.booking import desk, turns


class UnfairTurns(turns.Turns):
    """Whoever came last leads the next turn, and takes the others that came late with them."""

    def _hand_on(self):
        with self._mutex:
            self._waiting.rotate(1)
            if self._waiting:
                self._waiting[0].wake()
            else:
                self._led = False

    def _next_turn(self):
        with self._mutex:
            turn = [self._waiting.popleft()]
            turn += [self._waiting.pop() for _ in range(min(self._most - 1, len(self._waiting)))]
            for ticket in turn:
                ticket.taken = True
            return turn


def make_app():
    desk.Turns = UnfairTurns
    from wsgi import app

    return app
