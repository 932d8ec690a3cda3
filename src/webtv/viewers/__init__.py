"""What viewers see: pages, API, live files."""
