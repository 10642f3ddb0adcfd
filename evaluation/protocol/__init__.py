"""What a study asks: its terms, their TOML, scales and ready protocols."""
