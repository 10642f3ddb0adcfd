"""The demo, and made raters that judge its studies."""
