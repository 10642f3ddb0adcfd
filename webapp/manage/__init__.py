"""The experimenter's pages of studies: list, design, open, watch, people, close."""
