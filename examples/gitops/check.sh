#!/usr/bin/env bash
# Renders each environment and shows what its cluster would get. Ends with 1 when a server or a config would fail there
# or render warns of something, and with 2 when a manifest can't be read.
set -uo pipefail
cd "$(dirname "$0")"

# Secrets are in no repository, so none can be looked up: without this each would count as missing.
export TOOLHIVE_HOOKS_READ_SECRETS=false

worst=0
exec 3>&1
for environment in staging production; do
  echo "== $environment"
  complaints=$(toolhive-hooks render "$environment" -o summary 2>&1 >&3)
  code=$?
  # Here nobody would read a warning.
  if [[ -n $complaints ]]; then
    echo "$complaints"
    if ((code == 0)); then code=1; fi
  fi
  # On to the next one: whoever opened the pull request wants to see everything that is wrong.
  if ((code > worst)); then worst=$code; fi
done
exit "$worst"
