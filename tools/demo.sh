#!/usr/bin/env bash
# `make demo`: the main job, offline, in three screens. $1 is the folder of the installed toolhive-hooks.
set -euo pipefail
hooks="$1/toolhive-hooks"
example=examples/token-exchange

echo "1. A cluster would create these objects for the MCP server of $example:"
echo
echo "\$ toolhive-hooks render $example -o summary"
"$hooks" render "$example" -o summary 2>&1

echo
echo "2. The lines that matter. The proxy checks each caller's token (auth), then exchanges it (tokenexchange):"
echo
rendered=$("$hooks" render "$example" 2>/dev/null)
sed -n '/"type": "auth"/,/"Audience"/p; /"type": "tokenexchange"/,/"audience"/p' <<<"$rendered"
echo
echo "   It reads the client secret from its Secret. No other object contains the value:"
echo
sed -n '/name: TOOLHIVE_TOKEN_EXCHANGE_CLIENT_SECRET/,/ key:/p' <<<"$rendered"

echo
echo "3. The same without the Secret. Each line says what is wrong and what to do:"
echo
echo "\$ toolhive-hooks render $example/*.yaml -o none"
"$hooks" render "$example"/*.yaml -o none 2>&1 || true

echo
echo "All of it: $hooks render $example"
echo "Next: README.md, \"Install\"."
