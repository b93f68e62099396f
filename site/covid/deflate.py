"""One gzip member put together from parts: what is large was compressed when it was stored.

A deflate stream that ends in a full flush stands on its own and ends on a whole byte, so it can follow and be
followed by others. The small live parts around it go in as stored blocks, uncompressed. The checksum of the
whole follows from those of the parts, as in zlib's crc32_combine, which Python does not offer.
"""

import zlib
from dataclasses import dataclass

LEVEL = 6  # for what is kept and sent often
FAST = 1  # for what is sent once: a fifth of the time, for a quarter more bytes
BLOCK = 65_535  # bytes that a stored block can hold
GZIP_HEADER = b"\x1f\x8b\x08" + bytes(6) + b"\xff"  # deflate, no name, no time, no system
FINAL_BLOCK = b"\x03\x00"  # empty
POLYNOMIAL = 0xEDB88320  # CRC-32, bits reflected
ONE = 1 << 31


@dataclass(frozen=True)
class Seal:
    """What joining needs to know about a compressed part: its size in bytes and CRC-32 before compression.

    `shift` is what a checksum is multiplied by when that many bytes follow.
    """

    size: int
    crc: int
    shift: int


def compress(body: bytes, level: int = LEVEL) -> tuple[bytes, Seal]:
    """The body as a deflate stream without an end, and its seal."""
    stream = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    deflated = stream.compress(body) + stream.flush(zlib.Z_FULL_FLUSH)
    return deflated, Seal(len(body), zlib.crc32(body), _shift(len(body)))


def join(head: bytes, deflated: bytes, seal: Seal, tail: bytes) -> bytes:
    """One gzip member that unpacks to the head, what `deflated` holds, and the tail."""
    crc = zlib.crc32(tail, _multiply(seal.shift, zlib.crc32(head)) ^ seal.crc)
    size = (len(head) + seal.size + len(tail)) & 0xFFFFFFFF
    return b"".join(
        (
            GZIP_HEADER,
            *_stored(head),
            deflated,
            *_stored(tail),
            FINAL_BLOCK,
            crc.to_bytes(4, "little"),
            size.to_bytes(4, "little"),
        )
    )


def _stored(data: bytes) -> list[bytes]:
    """The data in blocks that are not compressed."""
    parts = []
    for start in range(0, len(data), BLOCK):
        chunk = data[start : start + BLOCK]
        size = len(chunk)
        parts += [b"\x00", size.to_bytes(2, "little"), (size ^ 0xFFFF).to_bytes(2, "little"), chunk]
    return parts


def _shift(size: int) -> int:
    """x to the power of 8 * size, modulo the polynomial."""
    power, square = ONE, ONE >> 8
    while size:
        if size & 1:
            power = _multiply(square, power)
        square = _multiply(square, square)
        size >>= 1
    return power


def _multiply(a: int, b: int) -> int:
    """The product of two polynomials over GF(2), modulo the polynomial; bits reflected."""
    product = 0
    while a:
        if a & ONE:
            product ^= b
        a = (a << 1) & 0xFFFFFFFF
        b = (b >> 1) ^ POLYNOMIAL if b & 1 else b >> 1
    return product
