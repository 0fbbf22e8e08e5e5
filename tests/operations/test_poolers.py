"""A pooler between us and PostgreSQL, which knows nothing of our time limits, is told of."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from app.booking.gate import SeatGate
from app.booking.redis_client import connect
from app.demo.servers import free_port
from app.operations.health import POOLER, readiness
from tests.support.servers import libpq, wait_until

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(PGBOUNCER is None, reason="PgBouncer is not installed"),
]
CONFIGURATION = """
[databases]
utsavam = host={host} user=postgres dbname=utsavam
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
auth_type = any
pool_mode = transaction
{more}
"""


@pytest.fixture
def pooled(make_app, postgres_url, folder, request):
    """An application that reaches the database by PgBouncer, with these words of configuration."""
    port, file = free_port(), folder / f"bouncer-{len(request.param)}.ini"
    place = conninfo_to_dict(libpq(postgres_url))["host"]
    file.write_text(CONFIGURATION.format(host=place, port=port, more=request.param))
    # It refuses to be root, and the socket is its server's alone.
    user = {"user": Path(place).stat().st_uid} if os.getuid() == 0 else {}
    with (folder / "bouncer.log").open("ab") as log:
        bouncer = subprocess.Popen([PGBOUNCER, str(file)], stdout=log, stderr=log, **user)
    yield make_app(database_url=f"postgresql+psycopg://postgres@127.0.0.1:{port}/utsavam")
    bouncer.kill()
    bouncer.wait()


@pytest.mark.parametrize(
    "pooled",
    ["", "ignore_startup_parameters = options"],
    ids=["as it is", "silenced"],
    indirect=True,
)
def test_a_pooler_is_told_of(pooled, redis_url):
    gate = SeatGate(connect(redis_url, 1000))
    with pooled.app_context():
        wait_until(lambda: readiness(gate).database == POOLER, 5)
