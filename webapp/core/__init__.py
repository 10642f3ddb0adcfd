"""What every page stands on: settings, database, security, what is kept in memory."""
