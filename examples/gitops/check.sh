#!/usr/bin/env bash
# Renders each environment and shows what its cluster would get. Ends with 1 when the cluster would refuse an object or a
# server or a config would fail there, and with 2 when a manifest can't be read or there are none.
set -uo pipefail
cd "$(dirname "$0")"

# In a pull request each fault stands beside its line.
report=text
if [[ ${GITHUB_ACTIONS:-} == true ]]; then report=github; fi

worst=0
for environment in staging production; do
  echo "== $environment"
  # Secrets are in no repository.
  toolhive-hooks render "$environment" --assume-secrets -o summary --report "$report" 2>&1
  code=$?
  # On to the next one: whoever opened the pull request wants to see everything that is wrong.
  if ((code > worst)); then worst=$code; fi
done
exit "$worst"
