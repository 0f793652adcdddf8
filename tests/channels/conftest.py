"""What the tests of a channel share."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial

import pytest

from tests.channels import smtp_double
from tests.channels.smtp_double import PIPELINING, PLAIN, Scripted

Script = Callable[..., AbstractAsyncContextManager[Scripted]]


@pytest.fixture(params=[pytest.param(PLAIN, id="plain"), pytest.param(PIPELINING, id="pipelining")])
def scripted(request: pytest.FixtureRequest) -> Script:
    """A server by script, with and without pipelining; `offers` says otherwise."""
    return partial(smtp_double.scripted, offers=request.param)
