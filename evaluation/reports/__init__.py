"""Results as files: one HTML document, JSON, a paper's LaTeX tables and figures."""
