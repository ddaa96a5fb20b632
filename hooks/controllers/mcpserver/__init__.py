"""The controller of MCPServer."""
