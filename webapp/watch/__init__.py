"""For those who run the app: whether it lives, whether it is ready, and its numbers."""
