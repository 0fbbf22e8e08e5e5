"""The site as it was, to show that the tests of crowds would notice: pages are begun as they come,
and passwords hashed as they come, each in a thread of its own."""

from gevent import get_hub

from app.edge.page_admission import PageAdmission
from app.lib.threadpool import run_in_thread
from app.services import accounts


def pages():
    assert PageAdmission.__call__
    PageAdmission.__call__ = lambda self, *request: self._inner(*request)
    from wsgi import app

    return app


def passwords():
    assert accounts._run_queued
    get_hub().threadpool.maxsize = 1000
    accounts._run_queued = run_in_thread
    from wsgi import app

    return app
