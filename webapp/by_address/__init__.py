"""Data by address: which addresses give data to scripts, described once, and those of no page.

The tables of the pages are served by the pages' own packages (`webapp.twins`); here are the list of
all of them, from which the OpenAPI description and docs/reference/data.md are made, and the tables
that a script asks for first: collections, clips, rankings, studies, what a study's results have.
"""
