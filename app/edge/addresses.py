"""The inputs of the URLs we generate, and which proxy headers are trusted.

A cached page shows its links to every later visitor. Of the request, therefore, only the host
(which is checked) and the path (which is part of the cache key) may get into them.
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
    """A URL map that doesn't merge slashes.

    Werkzeug would redirect `/events//7` to `/events/7`, with a URL built from the request.
    """

    def __init__(self, **options: bool) -> None:
        super().__init__(merge_slashes=False, **options)  # type: ignore[arg-type]


class OwnAddress:
    """WSGI middleware that ignores `SCRIPT_NAME` and trusts `X-Forwarded-*` from our proxies only.

    The site is always at the root of its host. The client's address is the one that the outermost
    of `hops` proxies added. So is the scheme: the value `hops` from the right when each proxy adds
    one, else the single value that they pass on. The outermost proxy must overwrite the client's
    own header, as nginx and Caddy do.
    """

    def __init__(self, inner: "WSGIApplication", hops: int) -> None:
        self._inner = ProxyFix(inner, x_for=hops, x_proto=0, x_host=0) if hops else inner
        self._hops = hops

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        environ["SCRIPT_NAME"] = ""
        if self._hops:
            self._apply_forwarded_headers(environ)
        return self._inner(environ, start_response)

    def _apply_forwarded_headers(self, environ: "WSGIEnvironment") -> None:
        for name in FROM_PROXIES:
            # Werkzeug parses quoted strings in a list, and drops the whole list when a quote is not
            # closed: with a single quote mark a client would be taken for the proxy itself.
            if '"' in environ.get(name, ""):
                environ[name] = environ[name].replace('"', "")
        schemes = environ.get("HTTP_X_FORWARDED_PROTO", "").split(",")
        scheme = schemes[-min(self._hops, len(schemes))].strip().lower()
        if scheme in SCHEMES:
            environ["wsgi.url_scheme"] = scheme
