"""What the Kubernetes API conventions say: kinds, names, conditions, quantities. Nothing here is ToolHive's."""
