"""The files that a site is deployed by: well-formed, and of one mind with the application."""

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from ruamel.yaml import YAML

from app.config import Settings
from app.edge.application import LARGER, MAX_WITH_PICTURE
from app.edge.size_limits import MAX_EVENT_FORM
from app.operations.database_roles import APP_ROLE

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
COMPOSE = ["docker-compose.yml", "docker-compose.https.yml", "docker-compose.watch.yml"]
VARIABLES = {name.upper() for name in Settings.model_fields}
OTHERS = {
    *("PGPASSWORD", "POSTGRES_PASSWORD", "POSTGRES_APP_PASSWORD"),
    *("PUBLIC_PORT", "SITE_HOST", "GRAFANA_PASSWORD"),
}
"""Of libpq, PostgreSQL's image, Grafana, and of the compose files themselves."""


def read(name):
    return YAML(typ="safe").load((ROOT / name).read_text())


def run(program, *words):
    ran = subprocess.run([PROGRAMS / program, *words], cwd=ROOT, capture_output=True, text=True)
    return ran.returncode, ran.stdout + ran.stderr


@pytest.fixture
def services():
    return read("docker-compose.yml")["services"]


def test_compose_files_keep_to_the_specification():
    code, said = run("check-jsonschema", "--builtin-schema", "vendor.compose-spec", *COMPOSE)
    assert code == 0, said


def test_a_compose_file_with_a_slip_would_be_noticed(tmp_path):
    slip = (ROOT / "docker-compose.yml").read_text().replace("healthcheck:", "healthchek:")
    (tmp_path / "slip.yml").write_text(slip)
    words = ("--builtin-schema", "vendor.compose-spec", str(tmp_path / "slip.yml"))
    assert run("check-jsonschema", *words)[0] == 1


def test_the_dockerfile_has_no_bad_habits():
    code, said = run("hadolint", "Dockerfile")
    assert code == 0, said


def test_a_dockerfile_with_a_bad_habit_would_be_noticed(tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM python\nRUN cd /tmp && apt-get install git\n")
    code, said = run("hadolint", str(tmp_path / "Dockerfile"))
    assert code == 1
    assert "DL3006" in said


def test_each_variable_of_the_compose_files_is_a_setting_that_is_explained(services):
    explained = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    for file in COMPOSE:
        asked = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / file).read_text()))
        assert asked
        assert asked <= explained, file
        assert asked <= VARIABLES | OTHERS
    assert services["web"]["environment"].keys() <= VARIABLES | OTHERS


def test_compose_hands_every_setting_on_that_is_not_its_own_to_decide(services):
    decided = {
        *(
            "HOST",
            "PORT",
            "API_ACCESS",
            "DEMO",
            "DEMO_MAILBOX",
        ),  # as the image and the application have them
        *(name for name in VARIABLES if name.startswith("METRICS_")),  # docker-compose.watch.yml
        "PROMETHEUS_MULTIPROC_DIR",
    }
    given = services["web"]["environment"]
    assert VARIABLES - decided == given.keys() - OTHERS
    # A name without a value: Compose takes the one of .env, or leaves the variable out.
    fixed = {name for name, value in given.items() if value and "${" not in value}
    assert fixed == {"DATABASE_URL", "REDIS_URL", "PROXY_HOPS", "WAITING_ROOM_FILES"}


def test_only_who_migrates_and_restores_has_the_owners_password(services):
    owner, site = "${POSTGRES_PASSWORD:?set it in .env}", "${POSTGRES_APP_PASSWORD:?set it in .env}"
    for name in ("migrate", "tools"):
        given = services[name]["environment"]
        assert (urlsplit(given["DATABASE_URL"]).username, given["PGPASSWORD"]) == ("utsavam", owner)
        assert given["POSTGRES_APP_PASSWORD"] == site
    given = services["web"]["environment"]
    assert (urlsplit(given["DATABASE_URL"]).username, given["PGPASSWORD"]) == (APP_ROLE, site)
    assert owner not in given.values()


def test_what_a_service_waits_for_is_there_and_can_say_that_it_is_well(services):
    for name, service in services.items():
        for needed, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy" and needed != "web":  # the image's own
                assert services[needed]["healthcheck"]["test"], f"{name} waits for {needed}"
    assert "HEALTHCHECK" in (ROOT / "Dockerfile").read_text()


def test_web_containers_can_be_scaled_and_database_connections_suffice(services):
    assert not {"ports", "container_name"} & services["web"].keys()
    allowed = int(re.search(r"max_connections=(\d+)", str(services["postgres"]["command"]))[1])
    default = Settings(_env_file=None)
    each = default.web_concurrency * (default.pool_size + 3)
    assert each == 26
    assert 10 * each <= allowed - 3  # a superuser's three are kept


def test_only_the_proxy_is_open_to_the_world(services):
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]


def test_the_site_may_write_nowhere_and_is_nobody(services):
    for name in ("web", "migrate", "tools"):
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
    stages = (ROOT / "Dockerfile").read_text().split("\nFROM ")[1:]
    assert all("\nUSER 10001\n" in stage for stage in stages if " AS build" not in stage)


def test_compose_gives_a_stop_more_time_than_gunicorn_takes(services):
    taken = int(re.search(r"^graceful_timeout = (\d+)", gunicorn(), re.MULTILINE)[1])
    assert int(services["web"]["stop_grace_period"].rstrip("s")) > taken
    blueprint = read("render.yaml")["services"][0]
    assert blueprint["maxShutdownDelaySeconds"] > taken


def gunicorn():
    return (ROOT / "gunicorn.conf.py").read_text()


def proxy():
    return (ROOT / "deploy/nginx.conf").read_text()


def test_the_proxy_forgets_a_connection_before_gunicorn_closes_it():
    kept = int(re.search(r"^keepalive = (\d+)", gunicorn(), re.MULTILINE)[1])
    assert int(re.search(r"keepalive_timeout (\d+)s;", proxy())[1]) < kept
    assert int(re.search(r"keepalive (\d+)s", (ROOT / "deploy/Caddyfile").read_text())[1]) < kept


def test_the_proxy_lets_through_what_the_site_takes():
    sizes = re.findall(r"client_max_body_size (\d+)([km]);", proxy())
    others, pictures = (int(n) * {"k": 1 << 10, "m": 1 << 20}[unit] for n, unit in sizes)
    assert others > MAX_EVENT_FORM
    assert pictures > max(MAX_WITH_PICTURE, *LARGER.values())


def test_the_blueprint_sets_what_the_site_can_not_start_without():
    web, worker, redis = read("render.yaml")["services"]
    variables = {entry["key"]: entry for entry in web["envVars"]}
    assert variables.keys() <= VARIABLES
    needed = {"DATABASE_URL", "REDIS_URL", "ADMIN_KEY", "SECRET_KEY", "TRUSTED_HOSTS", "PROXY_HOPS"}
    assert needed <= variables.keys()
    assert (
        variables["DATABASE_URL"]["fromDatabase"]["name"]
        == (read("render.yaml")["databases"][0]["name"])
    )
    assert variables["REDIS_URL"]["fromService"]["name"] == redis["name"]
    assert not any("value" in variables[name] for name in ("ADMIN_KEY", "SECRET_KEY"))
    # Letters hold addresses of tickets, which the site itself has to open, and say who sells.
    own = {"ADMIN_KEY", "PROXY_HOPS", "WEB_CONCURRENCY"}
    theirs = {entry["key"]: entry for entry in worker["envVars"]}
    assert theirs.keys() == variables.keys() - own
    for name in theirs.keys() - {"DATABASE_URL", "REDIS_URL"}:
        shared = theirs[name]["fromService"]
        assert (shared["name"], shared["envVarKey"]) == (web["name"], name)


def test_the_commands_are_the_same_wherever_the_site_runs(services):
    procfile = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
    image = re.findall(r"^CMD \[(.+)\]$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[-1]
    assert procfile["web"].split() == re.findall(r'"([^"]+)"', image)
    assert procfile["release"] == "flask --app wsgi db upgrade"
    assert procfile["worker"] == "flask --app wsgi worker"
    assert services["worker"]["command"] == ["flask", "worker"]
    assert services["worker"]["environment"] == services["web"]["environment"]
    assert read("render.yaml")["services"][1]["dockerCommand"] == "flask worker"
    assert services["migrate"]["command"] == ["sh", "-c", "flask db upgrade && flask app-role"]
    assert read("render.yaml")["services"][0]["preDeployCommand"] == "flask db upgrade"
