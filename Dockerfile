# One image for every part: `notify api`, `notify worker --lane alert`, `notify migrate`, …
FROM python:3.13.7-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/notify
COPY requirements.txt ./
RUN /opt/notify/bin/python -m pip install --no-cache-dir --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY channels channels
COPY notify notify
COPY workers workers
COPY templates templates
COPY sandbox sandbox
COPY demo demo
RUN /opt/notify/bin/python -m pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13.7-slim-bookworm
RUN useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin notify \
    && install -d -o notify -g notify -m 0700 /data
COPY --from=build /opt/notify /opt/notify
ENV PATH=/opt/notify/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    NOTIFY_DATA_DIR=/data
WORKDIR /data
USER 10001:10001
EXPOSE 8000
ENTRYPOINT ["notify"]
CMD ["--help"]
