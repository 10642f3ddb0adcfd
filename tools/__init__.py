"""What checks the tests themselves, and runs those that take long. The app needs none of it."""
