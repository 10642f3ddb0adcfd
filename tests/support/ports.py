"""Ports that the system picks, and that stay a test's own."""

import socket
import sys

HOST = "127.0.0.1"


class Port:
    """A free port of this computer, kept from everybody else until `release`.

    A bound socket that never listens holds it: on Linux one that listens may be bound beside it
    where both allow it (SO_REUSEADDR, as all servers do), so that a server can be killed and
    started again at the same port, and nobody who asks for any port gets this one.
    """

    def __init__(self) -> None:
        self._held = socket.socket()
        self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._held.bind((HOST, 0))
        self.number: int = self._held.getsockname()[1]
        if sys.platform != "linux":  # elsewhere the holder would be in the server's way
            self.release()

    def __enter__(self) -> "Port":
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Let others have it."""
        self._held.close()
