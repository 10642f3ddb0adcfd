"""Parts of `flask studies`, which `webapp/cli/studies.py` puts together."""
