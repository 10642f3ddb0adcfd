"""Results as files: one HTML document, JSON, a paper's LaTeX tables and figures."""

from pathlib import Path

TEMPLATES = Path(__file__).with_name("templates")
