"""The tests."""

import pytest

pytest.register_assert_rewrite("tests.support")  # so that what fails there says why, too
