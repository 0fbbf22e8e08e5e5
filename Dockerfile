# syntax=docker/dockerfile:1
FROM python:3.13-slim-bookworm AS build
COPY requirements/runtime.txt /tmp/runtime.txt
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --require-hashes -r /tmp/runtime.txt

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home utsavam
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 HOST=0.0.0.0 PORT=8000
COPY --from=build /venv /venv
WORKDIR /srv/utsavam
COPY wsgi.py gunicorn.conf.py ./
COPY app app
COPY migrations migrations
COPY static static
COPY templates templates
RUN python -m compileall -q app wsgi.py
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import http.client as h; c = h.HTTPConnection('127.0.0.1', 8000, timeout=2); c.request('GET', '/health'); raise SystemExit(c.getresponse().status != 200)"]
CMD ["gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"]
