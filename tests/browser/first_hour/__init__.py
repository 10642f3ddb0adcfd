"""Somebody's first hour with the app, in a real browser."""
