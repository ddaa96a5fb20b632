"""Fields of a workload's spec in older releases of ToolHive, each with the one that has taken its place."""

from __future__ import annotations

RENAMED = {"port": "proxyPort", "targetPort": "mcpPort", "remoteURL": "remoteUrl"}
"""Fields that have another name."""
REFERENCES = {"oidcConfig": "oidcConfigRef", "telemetry": "telemetryConfigRef", "tools": "toolConfigRef"}
"""Fields whose settings are a config object's now."""
