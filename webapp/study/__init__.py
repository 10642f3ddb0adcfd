"""A study without its pages: created, previewed, opened, frozen, extended, closed, removed."""
