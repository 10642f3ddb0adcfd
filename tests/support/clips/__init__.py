"""Collections of clips that need no sounds."""
