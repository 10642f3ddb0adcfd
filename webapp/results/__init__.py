"""A study's results: kept analyses, pages and files."""
