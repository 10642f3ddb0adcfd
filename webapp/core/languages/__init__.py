"""The languages of raters' pages: which one a request is answered in, and its words."""
