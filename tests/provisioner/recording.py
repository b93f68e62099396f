"""Every AWS call that the library made in this run of the tests, for the policy to be held against."""

import sys
from pathlib import Path

import pytest

import provisioner.aws

LIBRARY = str(Path(provisioner.aws.__file__).parent)
RECORDED: set[str] = set()
WHOLE = pytest.StashKey[bool]()
"""Does this run have all of the library's tests?"""


def record(call) -> None:
    """Remember it, if it was not the test itself that made it through the door to AWS."""
    frame = sys._getframe()
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(LIBRARY) and file != provisioner.aws.__file__:
            RECORDED.add(call.name)
            return
        frame = frame.f_back
