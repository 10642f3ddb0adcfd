"""Arrays in, numbers out: agreement, variance, tests, models. No study in here."""
