"""Sources of collections that tests make: tiny sounds, and tables that hold them."""
