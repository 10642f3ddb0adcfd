"""How experimenters come in: accounts by name, links that sign in once, sessions on the server."""
