# syntax=docker/dockerfile:1
# The image of the site is the last stage. Its Python is the one that the tests run with.
FROM python:3.11-slim-bookworm AS build
COPY requirements/payments.txt /tmp/payments.txt
RUN python3 -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r /tmp/payments.txt \
    && /venv/bin/python -m pip uninstall --yes pip setuptools

# The commands with PostgreSQL's own programs beside them: flask backup, flask restore.
FROM postgres:18-bookworm AS tools
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
COPY requirements/payments.txt /tmp/payments.txt
RUN python3 -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r /tmp/payments.txt
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 FLASK_APP=wsgi
WORKDIR /srv/utsavam
COPY wsgi.py gunicorn.conf.py ./
COPY app app
COPY migrations migrations
COPY static static
COPY templates templates
USER 10001
ENTRYPOINT []
CMD ["flask", "--help"]

FROM python:3.11-slim-bookworm AS web
RUN useradd --system --uid 10001 --no-create-home utsavam
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 FLASK_APP=wsgi HOST=0.0.0.0 PORT=8000
COPY --from=build /venv /venv
WORKDIR /srv/utsavam
COPY wsgi.py gunicorn.conf.py ./
COPY app app
COPY migrations migrations
COPY static static
COPY templates templates
RUN python3 -m compileall -q app migrations wsgi.py gunicorn.conf.py
USER 10001
EXPOSE 8000
# Where a platform sets PORT, it is asked there.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python3", "-c", "import http.client, os; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['PORT']), timeout=2); c.request('GET', '/health'); raise SystemExit(c.getresponse().status != 200)"]
CMD ["gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"]
