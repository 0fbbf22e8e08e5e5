"""What a proxy of ours hands on: a site that answers with what it was sent is asked by it."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
import trustme

from tests.deploy import proxies
from tests.deploy.proxies import HOST
from tests.security.test_line_08_addresses import CLAIMS
from tests.support.servers import wait_until

OURS = {"x-forwarded-for", "x-forwarded-proto"}
"""Which the proxy writes itself, whatever a client claims."""

HTTPS = "https://127.0.0.1:{}"


class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = json.dumps([self.requestline.split()[1], *self.headers.items()]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words):
        pass


@pytest.fixture(scope="module")
def echo():
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def ask(request, folder, echo):
    """(what the site was told, the proxy's scheme)."""
    if not (proxies.NGINX if request.param == "nginx" else proxies.CADDY):
        pytest.skip(proxies.NOT_RUN[request.param])
    place = folder / f"echo-{request.param}"
    if request.param == "nginx":
        served, url, scheme = proxies.nginx(place, [echo]), "{}", "http"
    else:
        certificate = trustme.CA().issue_cert(HOST)
        served, url, scheme = proxies.caddy(place, [echo], certificate), HTTPS, "https"
    with served as where, httpx.Client(verify=False, base_url=url.format(where)) as client:
        port = client.base_url.port

        def ask(path, headers):
            headers = {**headers, "Host": f"{HOST}:{port}"}
            target = {"target": path.encode(), "sni_hostname": HOST}
            answer = client.get("/", headers=headers, extensions=target)
            assert answer.status_code == 200, answer.text
            path, *told = answer.json()
            return path, {name.lower(): value for name, value in told}, scheme

        wait_until(lambda: _answers(ask))
        yield ask


def _answers(ask):
    try:
        return ask("/", {})
    except httpx.HTTPError:
        return False


def test_no_header_of_a_client_that_makes_an_address_comes_through(ask):
    for claims in (CLAIMS, *({name: value} for name, value in CLAIMS.items())):
        _, told, scheme = ask("/", {**claims, "SCRIPT_NAME": "//evil.example"})
        assert told.keys() & {name.lower() for name in CLAIMS} <= OURS
        assert not [name for name in told if "_" in name]
        assert (told["x-forwarded-for"], told["x-forwarded-proto"]) == ("127.0.0.1", scheme)
        assert "evil" not in str(told)


def test_a_path_is_handed_on_as_it_is_so_that_the_site_refuses_it(ask):
    assert ask("//evil.example/events/1", {})[0] == "//evil.example/events/1"
