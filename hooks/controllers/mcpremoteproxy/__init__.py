"""The controller of MCPRemoteProxy."""
