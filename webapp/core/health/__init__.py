"""What the app tells those who run it of itself: its log, and whether it is ready."""
