"""What the tests of the results' pages share: a browser at the lab's studies."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from tests.support.studies.lab import Lab
from webapp.results.cache import forget
from webapp.signin.links import new_token


@pytest.fixture
def client(lab: Lab) -> Iterator[FlaskClient]:
    """A browser whose user is signed in."""
    forget()
    with lab.app.app_context():
        token = new_token()
    client = lab.app.test_client()
    client.get(f"/signin/{token}")
    yield client
    forget()
