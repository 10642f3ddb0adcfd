"""Sound files that tests make, and what is wrong in them."""
