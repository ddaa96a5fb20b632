"""The kinds that controllers name: their parents, their children and what they look up."""

from hooks.api.meta import API_VERSION
from hooks.metacontroller.requests import Kind

MCP_SERVER = Kind(API_VERSION, "MCPServer", "mcpservers")
MCP_EXTERNAL_AUTH_CONFIG = Kind(API_VERSION, "MCPExternalAuthConfig", "mcpexternalauthconfigs")
MCP_TOOL_CONFIG = Kind(API_VERSION, "MCPToolConfig", "mcptoolconfigs")

CONFIG_MAP = Kind("v1", "ConfigMap", "configmaps")
DEPLOYMENT = Kind("apps/v1", "Deployment", "deployments")
POD = Kind("v1", "Pod", "pods")
ROLE = Kind("rbac.authorization.k8s.io/v1", "Role", "roles")
ROLE_BINDING = Kind("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings")
SECRET = Kind("v1", "Secret", "secrets")
SERVICE = Kind("v1", "Service", "services")
SERVICE_ACCOUNT = Kind("v1", "ServiceAccount", "serviceaccounts")
STATEFUL_SET = Kind("apps/v1", "StatefulSet", "statefulsets")
