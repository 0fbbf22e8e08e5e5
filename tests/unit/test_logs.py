"""What a log line looks like, and what never gets into one."""

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from app import logs
from app.config import Settings
from app.lib.request_id import request_id

ROOT = Path(__file__).parents[2]
KEY, SIGNING, PASSWORD = "k9-Vq3_operators-own-key", "s1-Zw8_signing-key-here", "d4t4base"
SETTINGS = Settings(
    admin_key=(KEY,),
    secret_key=SIGNING,
    database_url=f"postgresql://utsavam:{PASSWORD}@db/utsavam",
    redis_url="redis://:p%40ss-word@cache:6379/0",
)


@pytest.fixture(params=["json", "text"])
def form(request):
    return request.param


@pytest.fixture
def written(form):
    """Log one event; answers the text that is written for it."""

    def write(message, *args, error=None, logger="app.somewhere", **facts):
        record = logging.getLogger(logger).makeRecord(
            logger,
            logging.WARNING,
            __file__,
            1,
            message,
            args,
            error and caught(error),
            extra=facts,
        )
        return logs.formatter(SETTINGS, for_a_person=form == "text").format(record)

    return write


def caught(error):
    try:
        raise error
    except Exception:
        return sys.exc_info()


@pytest.mark.parametrize("form", ["json"], indirect=True)
def test_a_line_is_json_and_says_when_where_and_for_which_request(written):
    request_id.set("request-7")
    line = json.loads(written("Redis is away: %s", "refused", event_id=7))
    request_id.set("")
    assert line.pop("timestamp").endswith("Z")
    assert line.pop("pid")
    assert line == {
        "event": "Redis is away: refused",
        "level": "warning",
        "logger": "app.somewhere",
        "request_id": "request-7",
        "event_id": 7,
    }
    assert "request_id" not in json.loads(written("nobody's"))


@pytest.mark.parametrize(
    "text",
    ["a\nFORGED", "a\r\nFORGED", "a\x1b[2KFORGED", "a\u0085FORGED", "a\x00FORGED", "a\u2028FORGED"],
)
def test_line_12_no_value_forges_a_line_or_moves_the_cursor(written, text):
    line = written("Refused: %s", text, host=text)
    assert "FORGED" in line
    assert len(line.splitlines()) == 1
    assert not any(ord(c) < 32 or ord(c) == 127 for c in line.replace("\x1b[0m", ""))


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("key {}", KEY),
        ("cookie {}", SIGNING),
        ("no way to postgresql://utsavam:{}@db/utsavam", PASSWORD),
        ("AUTH {}", "p@ss-word"),
        ("AUTH {}", "p%40ss-word"),
        ("postgresql://somebody:{}@elsewhere/db", "hunter2"),
        ("token {}", "utsavam_" + "Ab3-" * 10),
        ("key {}", "utsavam_staff_" + "Ab3_" * 10),
        ("Authorization: Bearer {}", "eyJhbGciOi"),
        ("Authorization: Basic {}", "dXNlcjpwYXNz"),
        ("hash {}", "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA"),
        ("there is {} already", "meena@example.com"),
        ("GET /events?{} failed", "q=divorce+lawyer"),
    ],
)
def test_a_secret_is_hidden_wherever_it_stands(written, text, secret):
    for line in (
        written(text.format(secret)),
        written("%s", text.format(secret)),
        written("a fact", detail=text.format(secret)),
    ):
        assert secret not in line
        assert logs.HIDDEN in line
    assert secret in text.format(secret)


@pytest.mark.parametrize(
    "name", ["password", "admin_key", "csrf_token", "Cookie", "email", "authorization", "api_token"]
)
def test_a_fact_of_a_private_name_is_hidden_whatever_it_is(written, name):
    assert "plain words" not in written("a fact", **{name: "plain words"})


@pytest.mark.parametrize("form", ["json"], indirect=True)
def test_an_error_is_told_with_its_way_and_without_the_databases_details(written):
    cause = ValueError(
        'duplicate key violates "uq_users_email"\nDETAIL:  Key (name)=(Asha Rao) exists already.'
    )
    error = IntegrityError("INSERT INTO users VALUES (%s)", {"name": "Asha Rao"}, cause)
    line = written("Unforeseen error", error=error)
    assert "Asha" not in line
    (told,) = json.loads(line)["exception"]
    assert told["type"] == "IntegrityError"
    assert told["message"].endswith('duplicate key violates "uq_users_email"')
    assert told["frames"][-1].endswith(" caught")
    assert "Asha" in str(error)


@pytest.mark.parametrize("form", ["json"], indirect=True)
def test_a_group_of_errors_is_told_by_its_type(written):
    line = json.loads(written("Both", error=ExceptionGroup("two", [KeyError(), OSError()])))
    assert line["exception"][0]["type"] == "ExceptionGroup"


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            "Invalid request from ip=203.0.113.9: Invalid HTTP Header: 'X-Admin-Key: abc'",
            "Invalid request: Invalid HTTP Header",
        ),
        ("Error handling request GET /tickets/9f2c?key=abc", "Error handling a request"),
        ("Error handling request /tickets/9f2c", "Error handling a request"),
        ("Worker (pid:7) was sent SIGKILL!", "Worker (pid:7) was sent SIGKILL!"),
    ],
)
@pytest.mark.parametrize("form", ["json"], indirect=True)
def test_gunicorn_tells_neither_addresses_nor_what_clients_sent(written, message, told):
    assert json.loads(written(message, logger="gunicorn.error"))["event"] == told


UNCAUGHT = """
import threading, warnings
from app import logs
from app.config import Settings

logs.set_up(Settings())
warnings.warn("an old way")
thread = threading.Thread(target=lambda: {}["asha@example.com"])
thread.start()
thread.join()
raise ValueError("asha@example.com")
"""


@pytest.mark.long
def test_warnings_and_what_nobody_caught_are_lines_too():
    run = subprocess.run(
        [sys.executable, "-c", UNCAUGHT], cwd=ROOT, capture_output=True, text=True, env={}
    )
    assert (run.returncode, run.stdout) == (1, "")
    lines = [json.loads(line) for line in run.stderr.splitlines()]
    assert [line["logger"] for line in lines] == ["py.warnings", "app.logs", "app.logs"]
    assert [line["exception"][0]["type"] for line in lines[1:]] == ["KeyError", "ValueError"]
    assert "asha" not in run.stderr


def test_a_format_may_be_asked_for():
    assert not sys.stderr.isatty()
    logger = logging.getLogger("app.asked")
    for chosen, is_json in (("auto", True), ("json", True), ("text", False)):
        made = logs.config(SETTINGS.model_copy(update={"log_format": chosen}))
        line = made["formatters"]["line"]["()"]().format(
            logger.makeRecord("app.asked", logging.INFO, "", 1, "said", (), None)
        )
        assert line.startswith("{") == is_json


def test_the_demo_tells_warnings_alone():
    for demo, level in ((True, "WARNING"), (False, "INFO")):
        made = logs.config(SETTINGS.model_copy(update={"demo": demo}))
        assert {made["loggers"][name]["level"] for name in ("app", "gunicorn.error")} == {level}
