"""What the addresses in our answers are made of, and whom we believe about it.

A page that is kept shows its links to every later visitor, so nothing of a visitor's own request
may get into them but the host, which is checked, and the path, which is in the key.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import Map

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SCHEMES = {"http", "https"}
FROM_PROXIES = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO")


class Addresses(Map):
    """Of this many slashes as they have: Werkzeug would redirect from `/events//7` to `/events/7`,
    by an address that it makes of what was asked."""

    def __init__(self, **options: bool) -> None:
        super().__init__(merge_slashes=False, **options)  # type: ignore[arg-type]


class OwnAddress:
    """WSGI middleware: the site stands at the root of its host, whatever a server was told of
    `SCRIPT_NAME`, and of `X-Forwarded-*` it believes what its own proxies add.

    The visitor's address is the one that the outermost of `hops` proxies added. The scheme is its
    word too: where each proxy adds one, the one so far from the right; where they hand on a single
    one, that. It must overwrite what a visitor claims, as nginx and Caddy do.
    """

    def __init__(self, inner: "WSGIApplication", hops: int) -> None:
        self._inner = ProxyFix(inner, x_for=hops, x_proto=0, x_host=0) if hops else inner
        self._hops = hops

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        environ["SCRIPT_NAME"] = ""
        if self._hops:
            self._believe_proxies(environ)
        return self._inner(environ, start_response)

    def _believe_proxies(self, environ: "WSGIEnvironment") -> None:
        for name in FROM_PROXIES:
            # Werkzeug reads quoted text in a list and drops a list whose quotation does not end:
            # by a single mark a visitor would pass for the proxy itself.
            if '"' in environ.get(name, ""):
                environ[name] = environ[name].replace('"', "")
        told = environ.get("HTTP_X_FORWARDED_PROTO", "").split(",")
        scheme = told[-min(self._hops, len(told))].strip().lower()
        if scheme in SCHEMES:
            environ["wsgi.url_scheme"] = scheme
