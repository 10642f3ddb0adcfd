"""Vectors to neighbours: prepared, compared, searched. Arrays only, nothing stored."""
