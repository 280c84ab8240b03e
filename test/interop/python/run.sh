#!/usr/bin/env bash
# Weights, model folders, ONNX, event files and tables of vectors to and from the real packages: npm run lane -- interop [--require-all]
# [--only NAME]. A package that is not there is reported and passed over, or fails with --require-all.
set -uo pipefail
cd "$(dirname "$0")/../../.."
if ! python=$(bash test/interop/python/setup.sh | tail -n 1) || [ -z "$python" ]; then
  echo 'interop: nothing was tested'
  for argument in "$@"; do [ "$argument" = --require-all ] && exit 1; done
  exit 0
fi
failed=0
for program in round-trips model-folders event-files vector-tables; do
  npx tsx "test/interop/python/$program.ts" --python "$python" "$@" || failed=1
done
exit "$failed"
