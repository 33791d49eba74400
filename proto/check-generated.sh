#!/bin/sh
# Generates the wire code again and compares it with what is checked in.
set -eu
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
sed "s#out: proto/gen#out: $fresh#" buf.gen.yaml >"$fresh.yaml"
buf generate --template "$fresh.yaml"
rm -f "$fresh.yaml"
diff -r "$fresh" proto/gen || {
  echo "proto/gen is not what the .proto files generate; run: npm run generate" >&2
  exit 1
}
