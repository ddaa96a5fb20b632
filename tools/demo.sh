#!/usr/bin/env bash
# `make demo`: the main job, offline. $1 is the folder of the installed toolhive-hooks.
set -euo pipefail
hooks="$1/toolhive-hooks"
example=examples/token-exchange

echo "\$ toolhive-hooks render $example -o summary"
"$hooks" render "$example" -o summary
echo
echo "\$ toolhive-hooks render $example -o tree"
"$hooks" render "$example" -o tree
echo
echo "\$ toolhive-hooks render $example/*.yaml -o none    # without the Secret"
"$hooks" render "$example"/*.yaml -o none || true
cat <<END

What this did: it read $example (an MCPServer, the MCPOIDCConfig by which its callers log in, an
MCPExternalAuthConfig and its Secret), called the webhooks as Metacontroller would until nothing changed, and showed
what a cluster would get:
  ConfigMap weather-runconfig   callers are authenticated (auth), then their token is exchanged (tokenexchange,
                                RFC 8693) before a call reaches the MCP server
  Deployment weather            the client secret comes from the Secret, whose value is nowhere here
All of it: $hooks render $example
Next: README.md, "Install".
END
