"""Archives into bytes: told apart by content, damage and bombs refused."""

import gzip
import io
import zipfile
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from covid.loading.errors import LoadError
from covid.loading.unpack import Bounds, unpack
from tests.site.loading.conftest import examples

DATA = b"OBJECTID,SHA\n" + b"".join(b"%d,%x\n" % (number, hash((number, 1))) for number in range(5_000))


def zipped(*names: str, data: bytes = DATA, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name in names:
            archive.writestr(name, data)
    return file.getvalue()


def zst(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "zip": lambda data: zipped("data.csv", data=data),
    "gz": gzip.compress,
    "zst": zst,
}


@pytest.mark.parametrize(
    "packed",
    [
        DATA,
        b"\xef\xbb\xbf" + DATA,
        zipped("data.csv"),
        zipped("readme.txt", "folder/DATA.CSV", "__MACOSX/data.csv", method=zipfile.ZIP_STORED),
        gzip.compress(DATA),
        gzip.compress(DATA[:1000]) + gzip.compress(DATA[1000:]),
        zst(DATA),
        zst(DATA[:1000]) + zst(b"") + zst(DATA[1000:]),
    ],
)
def test_the_data_comes_out_whole(packed: bytes) -> None:
    assert unpack(io.BytesIO(packed)).read() in (DATA, b"\xef\xbb\xbf" + DATA)


@pytest.mark.parametrize("kind", PACKERS)
@examples
@given(share=st.floats(0.001, 0.999))
def test_a_cut_archive_is_an_error(kind: str, share: float) -> None:
    packed = PACKERS[kind](DATA)
    cut = packed[: max(30, int(len(packed) * share))]
    with pytest.raises(LoadError, match="damaged or cut off"):
        unpack(io.BytesIO(cut)).read()


@pytest.mark.parametrize("kind", ["zip", "gz"])
def test_a_damaged_archive_is_an_error(kind: str) -> None:
    packed = bytearray(PACKERS[kind](DATA))
    packed[len(packed) // 2] ^= 0xFF
    with pytest.raises(LoadError, match="damaged or cut off"):
        unpack(io.BytesIO(packed)).read()


@pytest.mark.parametrize("kind", PACKERS)
def test_a_bomb_is_an_error(kind: str) -> None:
    packed = PACKERS[kind](b"\n" * 3_000_000)
    with pytest.raises(LoadError, match="that is a bomb"):
        unpack(io.BytesIO(packed), Bounds(ratio=100, free=1_000_000)).read()


def test_more_than_the_largest_size_is_an_error() -> None:
    with pytest.raises(LoadError, match="more than 1,000 bytes"):
        unpack(io.BytesIO(DATA), Bounds(size=1000)).read()


def test_a_window_that_takes_too_much_memory_is_an_error() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27, enable_ldm=True)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    packed = packer.compress(DATA) + packer.flush()
    with pytest.raises(LoadError, match="memory"):
        unpack(io.BytesIO(packed)).read()


def encrypted() -> bytes:
    """An archive that says that it is encrypted, as its directory and its member's header do."""
    packed = bytearray(zipped("data.csv"))
    packed[6] |= 1
    packed[packed.index(b"PK\x01\x02") + 8] |= 1
    return bytes(packed)


@pytest.mark.parametrize(
    ("packed", "says"),
    [
        (b"", "it is empty"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"\xef\xbb\xbf  <?xml version='1.0'?>", "web page"),
        ("OBJECTID".encode("utf-16"), "neither CSV in UTF-8 nor"),
        (b"\x7fELF\0\0\0", "neither CSV in UTF-8 nor"),
        (zipped("readme.txt"), "exactly one .csv file, and holds none"),
        (zipped("a.csv", "b.csv"), "exactly one .csv file, and holds a.csv, b.csv"),
        (zipped("a.csv", method=zipfile.ZIP_LZMA), "unusual way"),
        (encrypted(), "encrypted"),
    ],
)
def test_what_is_no_data_set_is_an_error(packed: bytes, says: str) -> None:
    with pytest.raises(LoadError, match=says):
        unpack(io.BytesIO(packed)).read()
