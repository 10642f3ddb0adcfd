"""What there is to say of one query and its lists, and how to choose queries."""
