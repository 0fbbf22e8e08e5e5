"""Real threads, let loose at the same moment."""

from threading import Barrier, Thread


def at_once(works):
    """Run every callable in a thread of its own, all at once; their answers or exceptions."""
    works = list(works)
    gate = Barrier(len(works))
    answers = [None] * len(works)

    def run(i):
        gate.wait(30)
        try:
            answers[i] = works[i]()
        except Exception as error:
            answers[i] = error

    threads = [Thread(target=run, args=(i,), daemon=True) for i in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "a thread hangs"
    return answers


def in_app(app, work, *args, **kwargs):
    """The work as a callable that brings its own application context, as a request does."""

    def run():
        with app.app_context():
            return work(*args, **kwargs)

    return run


def until_both_win(outcomes, least):
    """The rounds of a race of two: so many, and more until either has won one, ten times as many at
    most. On a busy machine the same of them may come first in each of a few."""
    for number in range(10 * least):
        if number >= least and len(outcomes) == 2:
            return
        yield number
