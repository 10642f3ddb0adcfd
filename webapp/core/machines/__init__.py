"""What machines that serve one study share: who belongs to it, and locks that hold on all."""
