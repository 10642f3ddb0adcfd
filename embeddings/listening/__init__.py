"""Copies of sounds for ears: one loudness, no tags, and what a sound check plays."""
