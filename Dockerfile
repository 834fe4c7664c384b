# The core in an image. The first stage builds wheels with the pins we test with; the second holds what runs, and no compiler.

FROM python:3.11-slim-bookworm AS build

WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1

COPY constraints.txt ./
COPY sdk sdk
COPY server server
COPY clients/cli clients/cli
COPY plugins/lnmarkets plugins/lnmarkets
COPY plugins/logbook plugins/logbook
COPY plugins/margin-guard plugins/margin-guard
COPY plugins/balance plugins/balance
COPY plugins/limits plugins/limits
COPY plugins/carry plugins/carry
COPY plugins/entries plugins/entries
COPY plugins/exits plugins/exits
COPY plugins/channels plugins/channels
RUN PIP_CONSTRAINT=/src/constraints.txt pip wheel --wheel-dir /wheels \
    ./sdk './server[transit]' ./clients/cli './plugins/lnmarkets[sim]' ./plugins/logbook ./plugins/margin-guard ./plugins/balance ./plugins/limits ./plugins/carry ./plugins/entries ./plugins/exits './plugins/channels[nostr]'

FROM python:3.11-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1

RUN groupadd --system --gid 10001 axisor \
    && useradd --system --uid 10001 --gid axisor --home-dir /var/lib/axisor --shell /usr/sbin/nologin axisor \
    && install --directory --owner=axisor --group=axisor --mode=0700 /var/lib/axisor

COPY --from=build /wheels /wheels
RUN pip install --no-index /wheels/*.whl && rm -rf /wheels

# Inside, the core listens on every address; which of them the world sees is for whoever starts the container. The other two are for
# `axisor` beside it: `docker compose exec core axisor status`.
ENV AXISOR_GRPC__LISTEN=0.0.0.0:8420 AXISOR_CONNECT=localhost:8420 AXISOR_DATA_DIR=/var/lib/axisor

USER 10001:10001
WORKDIR /var/lib/axisor
VOLUME ["/var/lib/axisor"]
EXPOSE 8420

# The port is open as soon as the core answers; what it answers is the business of grpc.health.v1.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import socket; socket.create_connection(('127.0.0.1', 8420), 2).close()"]

ENTRYPOINT ["axisor"]
CMD ["up", "--data-dir", "/var/lib/axisor"]
