#!/bin/sh
# Installs Sightline from this folder, without a network: ./install.sh [FOLDER] [PYTHON]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
folder=${1:-/opt/sightline}
python=${2:-python3}
wanted=$(cat "$here/PYTHON")
found=$("$python" -c 'import sys, sysconfig; print("%d.%d %s" % (*sys.version_info[:2], sysconfig.get_platform()))')
if [ "$found" != "$wanted" ]; then
    echo "These packages are for Python $wanted, and $python is $found: ./install.sh FOLDER PYTHON names another." >&2
    exit 1
fi
if [ -e "$folder" ]; then
    echo "$folder exists. Install beside it and change over, or take it away." >&2
    exit 1
fi
# Every file against its hash; the hash of this list itself came to you another way.
(cd "$here" && sha256sum --check --quiet SHA256SUMS)
"$python" -m venv "$folder"
# Nothing that this machine says of registries counts.
PIP_CONFIG_FILE=/dev/null "$folder/bin/python" -m pip --isolated --disable-pip-version-check install --quiet --no-index --no-deps --require-hashes --find-links "$here/wheels" --requirement "$here/requirements.txt"
"$folder/bin/sightline" --version
