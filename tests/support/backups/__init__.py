"""What the tests of backups share: an installation to lose, and places to restore it to."""
