# syntax=docker/dockerfile:1
# The tag is the version that package.json locks; a test holds the two together.
FROM oven/bun:1.4.5-slim AS dependencies
WORKDIR /app
COPY package.json bun.lock bunfig.toml ./
# typescript and the type packages are peers of Elysia that nothing loads at run time: 45 of 52 MB.
RUN bun install --frozen-lockfile --production --ignore-scripts \
  && rm -rf node_modules/typescript node_modules/@typescript node_modules/bun-types node_modules/@types node_modules/.bin

FROM oven/bun:1.4.5-slim
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY src ./src
# A named volume takes its owner from the folder that it covers.
RUN mkdir /data && chown bun:bun /data
ENV NODE_ENV=production DATA_DIR=/data
USER bun
# State is kept under the current folder, and a .env there is read.
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
# The slim image has no curl. A certificate for another name than 127.0.0.1 is still a healthy server.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 \
  CMD ["bun", "-e", "const { PORT = '8000', TLS_CERT_FILE } = process.env; const url = `http${TLS_CERT_FILE ? 's' : ''}://127.0.0.1:${PORT}/healthz`; process.exit((await fetch(url, { tls: { rejectUnauthorized: false } })).ok ? 0 : 1)"]
ENTRYPOINT ["bun", "/app/src/cli/main.ts"]
CMD ["run"]
