#!/bin/sh
cd "$BENCH_WORK/next" && NODE_ENV=production exec node node_modules/next/dist/bin/next start -H 127.0.0.1 -p "$PORT"
