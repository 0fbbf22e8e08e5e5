"""The dashboard and the alerts name what there is, and the handbook says what to do."""

import json
import re
import subprocess
from pathlib import Path

import promql_parser
import pytest
from ruamel.yaml import YAML

from tests.metrics.promtool import PROMTOOL

ROOT = Path(__file__).parents[2]
OPERATIONS = (ROOT / "docs/operations.md").read_text()
DASHBOARD = json.loads((ROOT / "deploy/grafana-dashboard.json").read_text())
OTHERS = {
    "ALERTS",  # Prometheus makes it of what fires
    "up",  # Prometheus makes these two of each scrape
    "scrape_duration_seconds",
    "node_filesystem_avail_bytes",  # node_exporter's, on the database's machine
    "node_filesystem_size_bytes",
}


def read(name):
    return YAML(typ="safe").load((ROOT / name).read_text())


ALERTS = read("deploy/alerts.yml")["groups"][0]["rules"]
EXPRESSIONS = [rule["expr"] for rule in ALERTS]
EXPRESSIONS += [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


class Selectors(list):
    """Every selector of an expression; raises `ValueError` for what is no PromQL."""

    def __init__(self, expression):
        self._visit(promql_parser.parse(expression.replace("$__rate_interval", "1m")))

    def _visit(self, node):
        if isinstance(node, promql_parser.VectorSelector):
            self.append(node)
            return
        for name in ("expr", "lhs", "rhs", "vector_selector", "param"):
            if (child := getattr(node, name, None)) is not None and not isinstance(child, str):
                self._visit(child)
        for child in getattr(node, "args", None) or []:
            self._visit(child)


def names(expression):
    return {selector.name for selector in Selectors(expression)}


def exposed(metered):
    families = metered.families().values()
    return {sample.name: family for family in families for sample in family.samples}


def test_names_are_found_wherever_they_stand_in_an_expression():
    nested = (
        'topk(3, a{x="1"}) > 0.1 * sum by (y) (rate(b_total[$__rate_interval])) or absent(-(c))'
    )
    assert names(nested) == {"a", "b_total", "c"}
    with pytest.raises(ValueError, match="unclosed"):
        Selectors("sum(rate(x[1m])")


def test_every_metric_and_label_of_the_dashboard_and_the_alerts_is_exposed(metered):
    there = exposed(metered)
    asked = [selector for text in EXPRESSIONS for selector in Selectors(text)]
    assert len(asked) > 30
    for selector in asked:
        if selector.name in OTHERS:
            continue
        assert selector.name in there, selector.name
        samples = [s for s in there[selector.name].samples if s.name == selector.name]
        for matcher in selector.matchers.matchers:
            values = {sample.labels[matcher.name] for sample in samples}
            if matcher.name != "status":  # an error has not happened yet
                assert any(re.fullmatch(matcher.value, value) for value in values), str(selector)


def test_every_metric_that_is_exposed_is_used_explained_and_documented(metered):
    families = [f for f in metered.families().values() if f.name.startswith("utsavam_")]
    documented = set(re.findall(r"^\| `(utsavam_\w+)", OPERATIONS, re.MULTILINE))
    used = set().union(*(names(text) for text in EXPRESSIONS))
    for family in families:
        assert family.documentation.endswith("."), family.name
        assert used & {sample.name for sample in family.samples}, f"{family.name} is for nobody"
    told = {f"{f.name}_total" if f.type == "counter" else f.name for f in families}
    assert told == documented


def heading(alert):
    """`SiteDown` is told of under `### Site down`."""
    return re.sub(r"(?<!^)([A-Z])", lambda found: " " + found[1].lower(), alert)


def test_every_alert_has_its_section_in_the_handbook_and_every_section_its_alert():
    section = OPERATIONS.split("\n## Alerts\n")[1].split("\n## ")[0]
    assert re.findall(r"^### (.+)$", section, re.MULTILINE) == [heading(a["alert"]) for a in ALERTS]
    for rule in ALERTS:
        anchor = heading(rule["alert"]).lower().replace(" ", "-")
        assert rule["annotations"]["runbook"] == f"docs/operations.md#{anchor}"
    for told in section.split("\n### ")[1:]:
        assert "*Do*" in told, told


def test_the_rules_have_the_shape_that_prometheus_reads():
    (group,) = read("deploy/alerts.yml")["groups"]
    assert group.keys() == {"name", "rules"}
    for rule in ALERTS:
        assert {"alert", "expr", "labels", "annotations"} <= rule.keys()
        assert rule.keys() <= {"alert", "expr", "labels", "annotations", "for"}
        assert rule["labels"] in ({"severity": "page"}, {"severity": "ticket"})
        assert re.fullmatch(r"\d+[smh]", rule.get("for", "0s"))
        assert rule["annotations"]["summary"].endswith(".")
    assert len({rule["alert"] for rule in ALERTS}) == len(ALERTS)


def test_promtool_takes_the_rules_and_they_fire_when_they_should():
    """Where promtool is missing, the end of the run says so."""
    if PROMTOOL is None:
        return
    for words in (["check", "rules", "deploy/alerts.yml"], ["test", "rules", str(CASES)]):
        ran = subprocess.run([PROMTOOL, *words], cwd=ROOT, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout + ran.stderr


CASES = Path(__file__).with_name("alerts_test.yml")


def test_the_dashboard_has_the_shape_that_grafana_reads():
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids)) >= 10
    assert DASHBOARD["templating"]["list"][0]["type"] == "datasource"
    taken = set()
    for panel in DASHBOARD["panels"]:
        assert panel["type"] in {"timeseries", "stat", "table"}
        assert panel["datasource"]["uid"] == "${source}"
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert max(x for x, _ in cells) < 24
        assert not taken & cells, f"{panel['title']} lies on another"
        taken |= cells


def test_prometheus_asks_where_the_compose_file_serves():
    compose = read("docker-compose.watch.yml")["services"]
    (job,) = read("deploy/prometheus.yml")["scrape_configs"]
    assert job["job_name"] == "utsavam"  # as the alerts call it
    (found,) = job["dns_sd_configs"]
    environment = compose["web"]["environment"]
    assert (found["names"], str(found["port"])) == (["web"], environment["METRICS_PORT"])
    assert compose["web"].keys() == {"environment"}  # no port is opened to the world
    assert compose["grafana"]["ports"] == ["127.0.0.1:3000:3000"]
    mounted = [
        v.split(":")[0] for name in ("prometheus", "grafana") for v in compose[name]["volumes"]
    ]
    for file in mounted:
        assert not file.startswith("./") or (ROOT / file).is_file()
