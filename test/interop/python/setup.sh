#!/usr/bin/env bash
# Makes a Python environment for the round trips: PyTorch and torchvision as they are installed (npm run lane --
# bench-setup pytorch does that), the packages of requirements.txt from PyPI beside them. Prints the path of its python.
set -uo pipefail
cd "$(dirname "$0")/../../.."
environment=node_modules/.cache/interop-python

base=
for python in "${SIMCLR_PYTHON:-}" bench/.cache/python/bin/python /usr/bin/python3 python3; do
  if [ -n "$python" ] && "$python" -c 'import torch, torchvision' 2>/dev/null; then
    base=$python
    break
  fi
done
if [ -z "$base" ]; then
  echo 'interop: no Python with PyTorch and torchvision; npm run lane -- bench-setup pytorch installs them' >&2
  exit 1
fi

stamp=$environment/requirements.txt
if ! cmp -s test/interop/python/requirements.txt "$stamp"; then
  # A link to the packages of the base: it may be an environment itself, which --system-site-packages would pass over.
  # The base's pip installs into it, because an environment with a pip of its own takes a minute to make.
  "$base" -m venv --system-site-packages --without-pip "$environment" >&2 || exit 1
  "$base" -c 'import site, sys; print("\n".join(path for path in sys.path if path.endswith("-packages")))' \
    >"$("$environment/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/base.pth"
  install() {
    "$base" -m pip --python "$environment/bin/python" install --quiet --no-deps --no-compile "$@" >&2
  }
  # All at once is the fastest; one by one, the others are there if one does not install.
  install --requirement test/interop/python/requirements.txt ||
    grep -v '^#' test/interop/python/requirements.txt | while read -r requirement; do
      install "$requirement" || echo "interop: $requirement does not install here" >&2
    done
  cp test/interop/python/requirements.txt "$stamp"
fi
echo "$environment/bin/python"
