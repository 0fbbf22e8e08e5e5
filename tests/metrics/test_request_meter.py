"""Each request is counted by how it ended."""

import pytest
from prometheus_client import generate_latest

from app.edge.metering import RequestMeter
from app.metrics import Meter

ENVIRON = {"REQUEST_METHOD": "GET"}


@pytest.fixture
def meter():
    return Meter()


def counted(meter):
    """By status."""
    meter.write()
    lines = generate_latest(meter._registry).decode().splitlines()
    name = 'utsavam_request_seconds_count{method="GET",route="none",status="'
    return {
        line.removeprefix(name)[:3]: float(line.split()[-1])
        for line in lines
        if line.startswith(name)
    }


def test_an_answer_that_breaks_off_is_counted_as_an_error_too(meter):
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

    answer = RequestMeter(site, meter)(ENVIRON, lambda *_: None)
    with pytest.raises(ArithmeticError):
        list(answer)
    answer.close()
    assert closed == [True]
    assert counted(meter) == {"2xx": 1, "5xx": 1}


def test_an_answer_that_ends_is_counted_once(meter):
    def site(_environ, start_response):
        start_response("200 OK", [])
        return iter([b"whole"])

    assert list(RequestMeter(site, meter)(ENVIRON, lambda *_: None)) == [b"whole"]
    assert counted(meter) == {"2xx": 1}
