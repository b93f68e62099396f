"""Parts that were compressed apart make one gzip member that any client reads."""

import gzip
import random
import shutil
import subprocess
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covid.deflate import BLOCK, compress, join

SIZES = [0, 1, 5, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK]


def noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)


@pytest.mark.parametrize("around", SIZES)
@pytest.mark.parametrize("size", SIZES)
def test_sizes(size: int, around: int) -> None:
    deflated, seal = compress(noise(size))
    whole = join(noise(around), deflated, seal, noise(around))
    reader = zlib.decompressobj(zlib.MAX_WBITS | 16)  # checks checksum and size
    assert reader.decompress(whole) == noise(around) + noise(size) + noise(around)
    assert reader.eof
    assert reader.unused_data == b""  # one member, and nothing after it


@given(head=st.binary(), body=st.binary(), tail=st.binary())
def test_anything(head: bytes, body: bytes, tail: bytes) -> None:
    assert gzip.decompress(join(head, *compress(body), tail)) == head + body + tail


def test_the_body_is_not_touched() -> None:
    deflated, seal = compress(b"<tr><td>delta</td></tr>" * 10_000)
    assert deflated in join(b"head", deflated, seal, b"tail")
    assert len(deflated) < 5_000


def test_a_wrong_seal_is_noticed_by_the_reader() -> None:
    deflated, _ = compress(b"body")
    _, other = compress(b"Body")
    with pytest.raises(gzip.BadGzipFile):
        gzip.decompress(join(b"", deflated, other, b""))


def test_other_readers_agree() -> None:
    whole = join(b"head ", *compress(b"body " * 1000), b"tail")
    program = shutil.which("gzip")
    assert program
    done = subprocess.run([program, "-dc"], input=whole, capture_output=True, check=True)
    assert done.stdout == b"head " + b"body " * 1000 + b"tail"
