"""Measurements that are run by hand; they print tables and are no tests."""
