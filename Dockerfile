# The station on a CPU:  docker build -t webtv . && docker run --init -p 8000:8000 -v webtv:/data webtv
FROM python:3.11-slim-bookworm

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONUNBUFFERED=1
WORKDIR /app

COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src src
RUN pip install -c constraints.txt .

# Nobody writes to the code; channels may be replaced by a volume.
COPY channels channels
RUN useradd --create-home webtv && mkdir /data && chown webtv /data
USER webtv
VOLUME /data
ENV WEBTV_DATA=/data WEBTV_CHANNELS=/app/channels WEBTV_HOST=0.0.0.0 WEBTV_PORT=8000
EXPOSE 8000

HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]

STOPSIGNAL SIGINT
CMD ["webtv", "serve"]
