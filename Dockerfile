# The station on a CPU:  docker build -t webtv . && docker run --init -p 8000:8000 -v webtv:/data webtv
FROM python:3.11-slim-bookworm

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONUNBUFFERED=1
WORKDIR /app

COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src src
RUN pip install -c constraints.txt .

# Nobody writes to the code; channels may be replaced by a volume. The user's number is one that hosts and
# clusters can tell from root without looking into the image.
COPY channels channels
RUN useradd --create-home --uid 1000 webtv && mkdir /data && chown 1000:1000 /data
USER 1000:1000
VOLUME /data
ENV WEBTV_DATA=/data WEBTV_CHANNELS=/app/channels WEBTV_HOST=0.0.0.0 WEBTV_PORT=8000
EXPOSE 8000

# Not by urllib: it would ask the proxy that Docker may put into the environment.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import http.client, os; web = http.client.HTTPConnection('127.0.0.1', int(os.environ['WEBTV_PORT']), timeout=4); web.request('GET', '/healthz'); raise SystemExit(web.getresponse().status != 200)"]

# Unlike SIGTERM, Python hears it as process 1 from its first moment on.
STOPSIGNAL SIGINT
CMD ["webtv", "serve"]
