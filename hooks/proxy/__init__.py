"""What one ToolHive proxy consists of. Its input is a ProxySpec and nothing else."""
