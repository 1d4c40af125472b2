# The holdline binary: static, no shell, not root.
# Build argument GOPROXY: what `go env GOPROXY` says on your machine; Go's own
# default without it.
FROM golang:1.26-trixie AS build
ARG GOPROXY
ENV CGO_ENABLED=0 GOFLAGS=-trimpath
WORKDIR /src
COPY go.mod go.sum ./
# The caches stay with the builder between builds, not in the image.
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG VERSION=dev
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    go build -ldflags "-s -w -X main.version=${VERSION}" -o /out/holdline ./cmd/holdline

FROM scratch
LABEL org.opencontainers.image.title="holdline" \
      org.opencontainers.image.description="A distributed contact-center queue for Asterisk" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/holdline /holdline
# For `docker compose exec callmanager holdline …`.
ENV PATH=/
USER 65532:65532
ENTRYPOINT ["/holdline"]
