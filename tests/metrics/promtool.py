"""Prometheus's own checker of rules, where it is installed."""

import shutil

PROMTOOL = shutil.which("promtool")
NOT_RUN = "NOT RUN: deploy/alerts.yml in promtool (each expression was parsed by promql-parser)"
