"""What tests share: made sounds and studies, a served app, what a browser is asked for."""
