# The image is the .deb on a slim Debian: one way to install, tested once.
FROM debian:12 AS build
RUN apt-get update && apt-get install -y --no-install-recommends g++ \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
# Packages change seldom, sources often: this layer stays cached.
COPY script/bootstrap script/bootstrap
RUN script/bootstrap --package
COPY . .
RUN script/package && cp build/release/signalbox_*.deb /signalbox.deb

FROM debian:12-slim
COPY --from=build /signalbox.deb /tmp/signalbox.deb
RUN apt-get update && apt-get install -y --no-install-recommends /tmp/signalbox.deb \
    && rm -rf /var/lib/apt/lists/* /tmp/signalbox.deb \
    && useradd --system --home-dir /var/lib/signalbox --shell /usr/sbin/nologin signalbox \
    && install -d -o signalbox -g signalbox -m 0700 /var/lib/signalbox
USER signalbox
VOLUME /var/lib/signalbox
EXPOSE 4566
# Inside a container every address is the container's own; publish the port on loopback, as
# compose.yaml does, unless the network is trusted.
ENV SIGNALBOX_DATA_DIR=/var/lib/signalbox \
    SIGNALBOX_LISTEN=0.0.0.0:4566 \
    SIGNALBOX_INSECURE_PLAINTEXT=on
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 CMD ["signalbox", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["signalbox"]
CMD ["serve"]
