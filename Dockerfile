# The server, out of a release: mvn -Prelease, then docker build -t fusedit . ; docs/serving.md says how it is run.

FROM debian:13-slim AS unpacked
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends unzip \
    && rm -rf /var/lib/apt/lists/*
COPY release/target/fusedit-*-linux-x86_64.zip /tmp/
RUN unzip -q "/tmp/fusedit-*-linux-x86_64.zip" -d /opt && mv /opt/fusedit-* /opt/fusedit

FROM debian:13-slim
RUN useradd --create-home --uid 10001 fusedit
COPY --from=unpacked /opt/fusedit /opt/fusedit
# For Java's start-up cache, which the first start writes beside the jars.
RUN chown fusedit /opt/fusedit/lib
USER fusedit
WORKDIR /home/fusedit
# Unpacks libtorch and makes that cache: what would else be done anew at each start of a container.
RUN ["/opt/fusedit/fusedit", "doctor"]
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["/bin/bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /healthz HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\nConnection: close\\r\\n\\r\\n' >&3 && read -r status <&3 && [[ $status == *' 200 '* ]]"]
ENTRYPOINT ["/opt/fusedit/fusedit", "serve", "--host", "0.0.0.0", "--model", "/model"]
