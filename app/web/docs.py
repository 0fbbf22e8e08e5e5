"""The API's documentation (self-hosted Swagger UI), robots.txt and the favicon."""

from flask import Blueprint, Response, make_response, redirect, render_template, url_for

from app.edge.headers import CSP
from app.edge.htmx import Answer

blueprint = Blueprint("docs", __name__)
# Swagger UI's style sheet has arrows as data: URLs.
DOCS_CSP = CSP.replace("img-src 'self'", "img-src 'self' data:")


@blueprint.get("/robots.txt")
def robots() -> Answer:
    return Response("User-agent: *\nDisallow: /admin\nDisallow: /api\n", mimetype="text/plain")


@blueprint.get("/favicon.ico")
def favicon() -> Answer:
    return redirect(url_for("static", filename="favicon.svg"), 301)


@blueprint.get("/docs/problems")
def problems() -> Answer:
    """The page that the `type` of every problem+json answer links to."""
    return render_template("pages/problems.html")


@blueprint.get("/docs")
def swagger_ui() -> Answer:
    response = make_response(render_template("pages/docs.html"))
    response.headers["Content-Security-Policy"] = DOCS_CSP
    return response
