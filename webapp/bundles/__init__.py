"""A study out to a bundle, and back into the database."""
