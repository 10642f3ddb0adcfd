"""What goes wrong on a tab."""

from typing import Any

# Chromium's names for a server that went away before, while or after a request was sent.
SERVER_GONE = (
    "ERR_CONNECTION",
    "ERR_SOCKET_NOT_CONNECTED",
    "ERR_EMPTY_RESPONSE",
    "ERR_FAILED",
    "ERR_CONTENT_LENGTH",
    "ERR_INCOMPLETE_CHUNKED_ENCODING",
)

# What a browser without a GPU says of WebGL: it draws there by the processor, and reads that back.
SLOW_WEBGL = "GPU stall due to ReadPixels"


def watch(tab: Any) -> None:
    """Collect what goes wrong on a tab; a server that was killed on purpose is no problem."""
    tab.problems, tab.problems_expected = [], ()

    def note(message: Any) -> None:
        expected = (*SERVER_GONE, SLOW_WEBGL, *tab.problems_expected)
        if message.type in ("error", "warning") and not any(e in message.text for e in expected):
            tab.problems.append(message.text)

    tab.on("console", note)
    tab.on("pageerror", lambda error: tab.problems.append(str(error)))
