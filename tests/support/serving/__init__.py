"""Servers and proxies as they are shipped, started by tests."""
