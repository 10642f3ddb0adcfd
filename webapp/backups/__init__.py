"""Nothing lost: a backup in one file, the way back, and a database from one kind to the other."""
