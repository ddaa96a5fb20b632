#!/usr/bin/env bash
# `make demo`: the main job, offline. $1 is the folder of the installed toolhive-hooks.
set -euo pipefail
hooks="$1/toolhive-hooks"

echo '$ toolhive-hooks render examples/token-exchange'
"$hooks" render examples/token-exchange
echo
echo '$ toolhive-hooks render examples/token-exchange -o summary'
"$hooks" render examples/token-exchange -o summary
cat <<'EOF'

What this did: it read examples/token-exchange (an MCPServer whose callers log in with OIDC, an MCPExternalAuthConfig and
its Secret), called the webhooks as Metacontroller would until nothing changed, and printed what a cluster would get.
Above the summary:
  ConfigMap/weather-runconfig   middleware_configs: callers are authenticated (auth), then their token is exchanged
                                (tokenexchange, RFC 8693) before a call reaches the MCP server
  Deployment/weather            TOOLHIVE_TOKEN_EXCHANGE_CLIENT_SECRET comes from the Secret, whose value is nowhere here
  MCPExternalAuthConfig         referencingServers names the server: while it does, the config can't be deleted
  MCPServer                     every condition is True but Ready: offline there are no pods to be ready
Next: README.md, "Install".
EOF
