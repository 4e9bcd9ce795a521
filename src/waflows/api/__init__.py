"""The HTTP APIs, one folder per dialect; each resource module has its own routes."""
