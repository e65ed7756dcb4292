#!/bin/sh
# Installs the provider and what it needs into a folder of its own: build.sh TARGET. Run from the repository's root; nothing is compiled.
# Beside the programs it leaves TARGET/sbom.cdx.json, the list of all parts (CycloneDX).
set -eu

target=$1
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT

python3 -m venv "$tools/build"
python3 -m venv "$target"
install() {
    "$1/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir --require-hashes --only-binary :all: -r "$2"
}
install "$target" config/requirements-tracing.lock  # what is needed, and what traces need where they are wanted
install "$tools/build" config/requirements.lock
install "$tools/build" config/requirements-build.lock
install "$tools/build" config/requirements-image.lock

"$tools/build/bin/python" .ci/translations.py compile
"$tools/build/bin/python" -m pip wheel --quiet --disable-pip-version-check --no-build-isolation --no-deps --wheel-dir "$tools/wheel" .
"$target/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps "$tools"/wheel/*.whl
cp -R clients "$("$target/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/clients"

"$tools/build/bin/cyclonedx-py" environment --output-reproducible --of JSON -o "$target/sbom.cdx.json" "$target/bin/python"
"$target/bin/python" -m pip uninstall --quiet --yes pip setuptools
"$target/bin/python" -m compileall -q "$target/lib"
