# The image of the bot: docs/OPERATIONS.md says how it is run.
#
# Both bases are pinned by the digest of their index of platforms. To renew one:
#   docker buildx imagetools inspect debian:trixie-slim
FROM --platform=$BUILDPLATFORM golang:1.26.8-trixie@sha256:bdca99a00bc16590cb1a0bb4e698f5fc5d6a64e4d5eef13d9f18a0ee08e5fa65 AS build
ARG TARGETOS TARGETARCH
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# The same flags as `make build`: the same commit makes the same binary.
RUN GOOS=$TARGETOS GOARCH=$TARGETARCH make build BIN=/bot

FROM debian:trixie-slim@sha256:a29215f6a35e51e22adffa17f89e9d2ef06214e64a2bad10d765c46aea49f11f AS system
LABEL org.opencontainers.image.title="slack-ocr" \
      org.opencontainers.image.description="A Slack bot that reads pictures" \
      org.opencontainers.image.licenses="MIT"
# poppler-utils draws pages of PDFs, poppler-data has the character maps of CJK
# ones. libtiff-tools reads the files of scanners and fax machines, libheif-examples with
# its two decoders HEIC and AVIF. The fonts are those that a PDF need not bring along;
# without a font cache each page would look through all of them again. If PDFs come
# without their Chinese, Japanese or Korean fonts: --build-arg MORE_FONTS=fonts-noto-cjk
ARG MORE_FONTS=
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
      ca-certificates fontconfig fonts-urw-base35 libheif-examples libheif-plugin-dav1d \
      libheif-plugin-libde265 libtiff-tools poppler-data poppler-utils tini $MORE_FONTS \
 && rm -rf /var/lib/apt/lists/* \
 && fc-cache -s \
 && groupadd --gid 10001 bot \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin bot \
 && install -d -o bot -g bot -m 700 /data
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

# The stage of a release copies the binary that GoReleaser has built.
FROM system AS release
ARG TARGETPLATFORM
COPY $TARGETPLATFORM/bot /usr/local/bin/bot

FROM system
COPY --from=build /bot /usr/local/bin/bot
