FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -tags nodynamic -ldflags '-s -w' -o /bot ./cmd/bot

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates poppler-utils poppler-data \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /nonexistent bot \
 && install -d -o bot /data
COPY --from=build /bot /usr/local/bin/bot
# Only /tmp, where images and pages wait while they are prepared, and /data are written to.
ENV DATA_DIR=/data
VOLUME /data
USER bot
ENTRYPOINT ["bot"]
