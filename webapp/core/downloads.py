"""Files that pages give people to keep."""

from flask import Response, current_app


def download(content: str | bytes, mimetype: str, name: str) -> Response:
    """Answer with a text, or bytes, as the file `name`."""
    response = current_app.response_class(content, mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
