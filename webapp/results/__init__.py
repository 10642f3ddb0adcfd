"""A study's results: its tables from the database, kept analyses, pages and files."""
