# The image of the bot: docs/OPERATIONS.md says how it is run.
FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# The same flags as `make build`: the same commit makes the same binary.
RUN make build BIN=/bot

FROM debian:bookworm-slim
# poppler-utils draws pages of PDFs, poppler-data has the character maps of CJK
# ones. libtiff-tools reads what scanners and fax machines write. The fonts are those that a PDF need not bring along; without a font cache
# each page would look through all of them again. Where PDFs come without their
# Chinese, Japanese or Korean fonts: --build-arg MORE_FONTS=fonts-noto-cjk
ARG MORE_FONTS=
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
      ca-certificates fontconfig fonts-urw-base35 libtiff-tools poppler-data poppler-utils tini $MORE_FONTS \
 && rm -rf /var/lib/apt/lists/* \
 && fc-cache -s \
 && groupadd --gid 10001 bot \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin bot \
 && install -d -o bot -g bot -m 700 /data
COPY --from=build /bot /usr/local/bin/bot

# Nothing but DATA_DIR and /tmp is written to, so the root can be read-only. In
# /tmp wait the files that are being read.
ENV DATA_DIR=/data LISTEN_ADDR=127.0.0.1:8080
VOLUME /data
# By number, so that Kubernetes can tell that it is not root.
USER 10001:10001
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["bot", "health"]
# A process that decodes a file and is killed may leave one of its own behind:
# tini takes care of those.
ENTRYPOINT ["tini", "--", "bot"]
