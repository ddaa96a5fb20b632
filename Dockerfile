# Both stages are one Debian and one Python: a virtual environment runs only on the interpreter that it was made with.
# The tag is written twice, since Dependabot reads no ARG.
FROM python:3.13-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/build && python -m venv --without-pip /opt/toolhive-hooks
COPY requirements/ requirements/
RUN /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt \
 && /opt/build/bin/pip --python /opt/toolhive-hooks install --no-cache-dir --no-compile --require-hashes -r requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY hooks/ hooks/
RUN /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /tmp/wheel . \
 && /opt/build/bin/pip --python /opt/toolhive-hooks install --no-cache-dir --no-compile --no-deps /tmp/wheel/*.whl \
 && /opt/toolhive-hooks/bin/python -m compileall -q /opt/toolhive-hooks/lib

FROM python:3.13-slim-bookworm
LABEL org.opencontainers.image.title="toolhive-hooks" \
      org.opencontainers.image.description="Metacontroller hooks for ToolHive's custom resources" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/toolhive-hooks /opt/toolhive-hooks
# One arena: with one for each thread, glibc keeps the memory of as many large requests as there are threads, and
# malloc_trim (hooks/server/memory.py) gives back the end of the first one only.
ENV PATH=/opt/toolhive-hooks/bin:$PATH \
    MALLOC_ARENA_MAX=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 65532:65532
EXPOSE 8080 9090
ENTRYPOINT ["toolhive-hooks"]
CMD ["serve"]
