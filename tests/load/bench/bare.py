"""The ceiling: Flask returning a constant under the same gunicorn."""

from flask import Flask

app = Flask(__name__)


@app.route("/", methods=["GET", "POST"])
def constant():
    return "ok"
