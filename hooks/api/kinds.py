"""The custom resources: ONE record for each kind."""

from hooks.api.meta import API_VERSION
from hooks.kubernetes.kinds import Kind

MCP_SERVER = Kind(API_VERSION, "MCPServer", "mcpservers")
MCP_EXTERNAL_AUTH_CONFIG = Kind(API_VERSION, "MCPExternalAuthConfig", "mcpexternalauthconfigs")
MCP_TOOL_CONFIG = Kind(API_VERSION, "MCPToolConfig", "mcptoolconfigs")
