#!/usr/bin/env bash
# Weights and ONNX files to and from the real Python packages: npm run lane -- interop [--require-all]
# A package that is not there is reported and passed over, or fails with --require-all.
set -uo pipefail
cd "$(dirname "$0")/../../.."
if ! python=$(bash test/interop/python/setup.sh | tail -n 1) || [ -z "$python" ]; then
  echo 'interop: nothing was tested'
  for argument in "$@"; do [ "$argument" = --require-all ] && exit 1; done
  exit 0
fi
exec npx tsx test/interop/python/round-trips.ts --python "$python" "$@"
