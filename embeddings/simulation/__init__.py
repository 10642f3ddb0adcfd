"""All that is made and not recorded: sounds, collections, vectors, the demo's collection."""
