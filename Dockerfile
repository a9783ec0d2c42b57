# Two stages: the build needs the development packages, the image does not.
# The newest patch release of Node 24 in November 2026, a security release.
FROM node:24.22.1-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && npm prune --omit=dev --omit=optional

FROM node:24.22.1-bookworm-slim
# What Debian has mended since the base image was made comes with it.
RUN apt-get update && apt-get upgrade -y && apt-get install -y --no-install-recommends ffmpeg \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
# GraphiQL is off in production unless GRAPHIQL=true.
ENV NODE_ENV=production HOST=0.0.0.0 DATA_DIR=/data
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY --from=build /app/prisma/migrations prisma/migrations
COPY --from=build /app/package.json package.json
RUN mkdir -m 700 /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 4000
CMD ["node", "dist/main.js"]
