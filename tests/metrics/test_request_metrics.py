"""Each request is counted by how it ended."""

import pytest
from prometheus_client import generate_latest

from app.edge.request_metrics import RequestMetrics
from app.metrics import Metrics

ENVIRON = {"REQUEST_METHOD": "GET"}


@pytest.fixture
def metrics():
    return Metrics()


def counted(metrics):
    """By status."""
    metrics.write()
    lines = generate_latest(metrics._registry).decode().splitlines()
    name = 'utsavam_request_seconds_count{method="GET",route="none",status="'
    return {
        line.removeprefix(name)[:3]: float(line.split()[-1])
        for line in lines
        if line.startswith(name)
    }


def test_an_answer_that_breaks_off_is_counted_as_an_error_too(metrics):
    closed = []

    class Broken:
        def __iter__(self):
            yield b"Day,Bookings"
            raise ArithmeticError

        def close(self):
            closed.append(True)

    def site(_environ, start_response):
        start_response("200 OK", [])
        return Broken()

    answer = RequestMetrics(site, metrics)(ENVIRON, lambda *_: None)
    with pytest.raises(ArithmeticError):
        list(answer)
    answer.close()
    assert closed == [True]
    assert counted(metrics) == {"2xx": 1, "5xx": 1}


def test_an_answer_that_ends_is_counted_once(metrics):
    def site(_environ, start_response):
        start_response("200 OK", [])
        return iter([b"whole"])

    assert list(RequestMetrics(site, metrics)(ENVIRON, lambda *_: None)) == [b"whole"]
    assert counted(metrics) == {"2xx": 1}
