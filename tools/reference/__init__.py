"""docs/reference, written from the code: python -m tools.reference

Each module has one page and a function `page` that returns its text; nothing is read but the code
and files of the project, so that every machine writes the same.
"""
