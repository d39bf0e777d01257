# A static binary on an image without a shell, run by nobody in particular.
FROM rust:1.95-alpine AS build
RUN apk add --no-cache build-base
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY src src
RUN cargo build --profile dist --locked --bin forecourt

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /src/target/dist/forecourt /usr/local/bin/forecourt
COPY routes.yaml /etc/forecourt/routes.yaml
COPY templates /etc/forecourt/templates
COPY schemas /etc/forecourt/schemas
ENV FORECOURT_CONFIG=/etc/forecourt/routes.yaml
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=4s --start-period=2s CMD ["/usr/local/bin/forecourt", "health", "--url", "http://127.0.0.1:8080/_forecourt/ready"]
ENTRYPOINT ["/usr/local/bin/forecourt"]
CMD ["serve", "--listen", "0.0.0.0:8080"]
