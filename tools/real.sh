#!/usr/bin/env bash
# Builds the real Metacontroller and the real proxy runner into a folder, from the tags that docs/compatibility.md names:
# neither is in a package registry. After `tools/real.sh FOLDER` the tests take
# METACONTROLLER=FOLDER/metacontroller/metacontroller, beside whose source its CRDs are, and
# PROXYRUNNER=FOLDER/proxyrunner/proxyrunner and TOOLHIVE=FOLDER/proxyrunner/src.
set -euo pipefail
folder=$(mkdir -p "$1" && cd "$1" && pwd)

# Arguments: repository, tag, name of the binary, package.
build() {
  [[ -d $folder/$3/src ]] || git clone --quiet --depth 1 --branch "$2" "$1" "$folder/$3/src"
  CGO_ENABLED=0 go -C "$folder/$3/src" build -trimpath -o "$folder/$3/$3" "$4"
}

build https://github.com/metacontroller/metacontroller v4.17.2 metacontroller ./pkg/cmd/metacontroller
build https://github.com/stacklok/toolhive v0.44.0 proxyrunner ./cmd/thv-proxyrunner
