"""How styles, scripts and raters' pages are sent: in few requests, and in few bytes."""
