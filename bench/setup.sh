#!/usr/bin/env bash
# Installs what the benchmarks compare with, from the package registries:
#
#     npm run lane -- bench-setup                   PyTorch, tfjs-node and jax-js
#     npm run lane -- bench-setup pytorch           PyTorch and torchvision (Debian's where apt-get may be used, else PyPI's)
#     npm run lane -- bench-setup tfjs-node         tfjs-node on TensorFlow 2.15, built here
#     npm run lane -- bench-setup jax-js            jax-js
#     npm run lane -- bench-setup pytorch-new       PyPI's newest PyTorch, beside that of Debian (on Linux about 6 GB)
#
# Everything but Debian's packages goes to bench/.cache, which git ignores. What is there already is left as it is.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=$here/.cache
tfjs_version=4.22.0
tensorflow_version=2.15.1
jax_version=0.1.25

say() { echo "bench-setup: $*"; }

python_with_torch() {
  local python
  for python in "${SIMCLR_PYTHON:-}" "$cache/python/bin/python" /usr/bin/python3 python3; do
    if [ -n "$python" ] && "$python" -c 'import torch, torchvision' 2>/dev/null; then
      echo "$python"
      return 0
    fi
  done
  return 1
}

setup_pytorch() {
  local python
  if python=$(python_with_torch); then
    say "PyTorch is there: $python, $("$python" -c 'import torch; print(torch.__version__)')"
    return 0
  fi
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    say 'installing PyTorch and torchvision from Debian'
    apt-get update -qq
    if DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-torch python3-torchvision >/dev/null &&
      python=$(python_with_torch); then
      say "PyTorch is ready: $python"
      return 0
    fi
    say "Debian's packages did not do; trying PyPI"
  fi
  say 'installing PyTorch and torchvision from PyPI (on Linux a large download)'
  python3 -m venv "$cache/python" && "$cache/python/bin/python" -m pip install --quiet torch torchvision || return 1
  python=$(python_with_torch) && say "PyTorch is ready: $python"
}

setup_pytorch_new() {
  local python=$cache/python-new/bin/python
  if ! "$python" -c 'import torch, torchvision' 2>/dev/null; then
    say "installing PyPI's newest PyTorch"
    python3 -m venv "$cache/python-new" && "$python" -m pip install --quiet numpy torch torchvision || return 1
  fi
  say "PyTorch is ready: $python, $("$python" -c 'import torch; print(torch.__version__)')"
}

setup_jax_js() {
  local folder=$cache/jax-js
  mkdir -p "$folder"
  # A package of its own: without it npm would climb up and write in the library's package.json.
  echo '{ "private": true }' >"$folder/package.json"
  (cd "$folder" && npm install --silent --ignore-scripts --no-audit --no-fund "@jax-js/jax@$jax_version") || return 1
  say "jax-js is ready: $folder"
}

# Copies TensorFlow's libraries and C headers out of its wheel; the rest of it, a gigabyte, stays packed.
unpack_tensorflow() {
  python3 - "$1" "$2" <<'PYTHON'
import os, pathlib, shutil, sys, zipfile

wheel, deps = sys.argv[1], pathlib.Path(sys.argv[2])
headers = [f"tensorflow/include/{part}/" for part in ("tensorflow/c", "tensorflow/core/platform", "tensorflow/tsl", "tsl")]
libraries = {"libtensorflow_cc.so.2": "libtensorflow.so", "libtensorflow_framework.so.2": "libtensorflow_framework.so"}
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if any(name.startswith(folder) for folder in headers) and not name.endswith("/"):
            target = deps / "include" / name.removeprefix("tensorflow/include/")
        elif name.removeprefix("tensorflow/") in libraries:
            target = deps / "lib" / name.removeprefix("tensorflow/")
        else:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(name) as source, open(target, "wb") as file:
            shutil.copyfileobj(source, file)
for library, link in libraries.items():
    path = deps / "lib" / link
    path.unlink(missing_ok=True)
    os.symlink(library, path)
PYTHON
}

setup_tfjs_node() {
  local folder=$cache/tfjs-node module node_prefix nodedir=()
  module=$folder/node_modules/@tensorflow/tfjs-node
  # Node 23 dropped a function that tfjs-node calls.
  local loads=(node -e "require('util').isNullOrUndefined ??= (value) => value == null; require('$module')")
  if [ -e "$module/lib/napi-v8/tfjs_binding.node" ] && "${loads[@]}" >/dev/null 2>&1; then
    say "tfjs-node is there: $module"
    return 0
  fi
  if [ "$(uname -sm)" != 'Linux x86_64' ]; then
    say "tfjs-node is built on Linux x86_64 only. This is $(uname -sm)."
    return 1
  fi
  local tool
  for tool in python3 make g++; do
    if ! command -v "$tool" >/dev/null; then
      say "tfjs-node needs $tool to be built."
      return 1
    fi
  done
  mkdir -p "$folder"
  # A package of its own: without it npm would climb up and write in the library's package.json.
  echo '{ "private": true }' >"$folder/package.json"
  say "fetching tfjs-node $tfjs_version"
  (cd "$folder" && npm install --silent --ignore-scripts --no-audit --no-fund \
    "@tensorflow/tfjs-node@$tfjs_version" node-gyp@11) || return 1
  say "fetching TensorFlow $tensorflow_version (207 MB)"
  python3 -m pip download --quiet --no-deps --only-binary=:all: --implementation cp --python-version 3.11 \
    --platform manylinux_2_17_x86_64 --dest "$folder" "tensorflow-cpu==$tensorflow_version" || return 1
  unpack_tensorflow "$folder"/tensorflow_cpu-*.whl "$module/deps" || return 1
  rm -f "$folder"/tensorflow_cpu-*.whl
  say 'building the addon'
  node_prefix=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
  # Without headers beside the executable node-gyp downloads them.
  [ -e "$node_prefix/include/node/node.h" ] && nodedir=("--nodedir=$node_prefix")
  if ! (cd "$module" && "$folder/node_modules/.bin/node-gyp" configure build ${nodedir[@]+"${nodedir[@]}"} \
    --module_name=tfjs_binding "--module_path=$module/lib/napi-v8" --tensorflow-library-action=symlink) \
    >"$folder/build.log" 2>&1; then
    tail -n 20 "$folder/build.log"
    say "the build failed; all of its output is in $folder/build.log"
    return 1
  fi
  if ! "${loads[@]}" >/dev/null 2>"$folder/load.log"; then
    tail -n 5 "$folder/load.log"
    say 'tfjs-node was built but does not load'
    return 1
  fi
  say "tfjs-node is ready: $module"
}

mkdir -p "$cache"
[ $# -gt 0 ] || set -- pytorch tfjs-node jax-js
failed=0
for baseline in "$@"; do
  case $baseline in
    pytorch) setup_pytorch || failed=1 ;;
    tfjs-node) setup_tfjs_node || failed=1 ;;
    jax-js) setup_jax_js || failed=1 ;;
    pytorch-new) setup_pytorch_new || failed=1 ;;
    *)
      say "there are 'pytorch', 'tfjs-node', 'jax-js' and 'pytorch-new'. Received: $baseline"
      exit 2
      ;;
  esac
done
[ "$failed" -eq 0 ] || say 'what is missing is left out of the benchmarks'
exit "$failed"
