# Three images, one file: --target assistant | actions | services.
# Runtime locks only; pip checks every hash. Pass PIP_INDEX_URL and the like as build arguments for a mirror.

FROM python:3.10-slim-bookworm AS rasa-environment
ARG PIP_INDEX_URL
WORKDIR /app
RUN python -m venv /app/.venv
COPY requirements/rasa.txt requirements/rasa.txt
RUN .venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements/rasa.txt

FROM python:3.12-slim-bookworm AS services-environment
ARG PIP_INDEX_URL
WORKDIR /app
RUN python -m venv /app/.venv-services
COPY requirements/services.txt requirements/services.txt
RUN .venv-services/bin/pip install --no-cache-dir --require-hashes -r requirements/services.txt

FROM rasa-environment AS model
ENV RASA_TELEMETRY_ENABLED=false
COPY config.yml domain.yml ./
COPY deploy deploy
COPY privacy privacy
COPY components components
COPY topics topics
COPY data data
RUN .venv/bin/python -m deploy.model

FROM python:3.10-slim-bookworm AS rasa-base
RUN useradd --create-home --uid 10001 lingxi && install -d -o lingxi /app /app/var
WORKDIR /app
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONWARNINGS=ignore \
    LOG_LEVEL=WARNING RASA_TELEMETRY_ENABLED=false TF_CPP_MIN_LOG_LEVEL=3 SQLALCHEMY_SILENCE_UBER_WARNING=1 \
    LINGXI_BIND=0.0.0.0 LINGXI_RASA_PORT=5005 LINGXI_ACTIONS_PORT=5055 LINGXI_BACKOFFICE_PORT=8000
COPY --from=rasa-environment /app/.venv .venv
COPY privacy privacy
COPY serving serving
COPY actions actions
# How the topics' forms begin, go on and end.
COPY topics topics
COPY data data

FROM rasa-base AS actions
USER lingxi
EXPOSE 5055
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:%s/health' % os.environ['LINGXI_ACTIONS_PORT'], timeout=4)"]
# The only image whose server asks for no token: reachable by the assistant's container alone.
CMD ["sh", "-c", "SANIC_HOST=$LINGXI_BIND exec python -m rasa_sdk --quiet --actions actions --port $LINGXI_ACTIONS_PORT"]

FROM rasa-base AS assistant
COPY config.yml domain.yml endpoints.yml credentials.yml ./
COPY deploy deploy
COPY components components
COPY connectors connectors
COPY --from=model /app/models models
USER lingxi
VOLUME /app/var
EXPOSE 5005
HEALTHCHECK --interval=15s --timeout=5s --start-period=120s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:%s/' % os.environ['LINGXI_RASA_PORT'], timeout=4)"]
CMD ["sh", "-c", "exec python -m deploy.assistant run --enable-api --interface $LINGXI_BIND --port $LINGXI_RASA_PORT"]

FROM python:3.12-slim-bookworm AS services
RUN useradd --create-home --uid 10001 lingxi && install -d -o lingxi /app /app/var
WORKDIR /app
ENV PATH=/app/.venv-services/bin:$PATH \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    LINGXI_BIND=0.0.0.0 LINGXI_RASA_PORT=5005 LINGXI_ACTIONS_PORT=5055 LINGXI_BACKOFFICE_PORT=8000
COPY --from=services-environment /app/.venv-services .venv-services
COPY privacy privacy
COPY analytics analytics
COPY backoffice backoffice
# What customers call things: the knowledge search reads it.
COPY data/lexicon data/lexicon
USER lingxi
VOLUME /app/var
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:%s/health' % os.environ['LINGXI_BACKOFFICE_PORT'], timeout=4)"]
CMD ["sh", "-c", "OPENBLAS_NUM_THREADS=1 exec python -m backoffice"]
