"""What befalls a client: it dies, an answer is lost, it is throttled, its credentials are refused."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.strict_aws.layer import Before, Call, Lost, Refusal


class Crash(BaseException):
    """The client's process is gone: not an error that anything could handle."""


def cut_off_at(number: int) -> Before:
    """From call `number` (the first is 0) on, nothing reaches AWS any more."""
    return _from(number, Crash)


def _from(number: int, error: Callable[[], BaseException]) -> Before:
    seen = -1

    def fault(call: Call) -> None:
        nonlocal seen
        seen += 1
        if seen >= number:
            raise error()

    return fault


def expire_at(number: int) -> Before:
    """From call `number` on, the session token has expired."""
    return _from(
        number, lambda: Refusal("ExpiredToken", "The security token included in the request is expired")
    )


def lose_answer(number: int, *, dropped: bool) -> Before:
    """Mutating call `number` takes effect, but the connection is dropped, or AWS answers with a 500."""
    seen = -1

    def loss(call: Call) -> None:
        nonlocal seen
        seen += call.mutating
        if call.mutating and seen == number:
            if dropped:
                raise Lost
            raise Refusal("InternalError", "An internal error has occurred", 500)

    return loss


def throttle(share: float, seed: int) -> Before:
    """This share of all calls is refused for being too many, with the code that each API has for it."""
    dice = random.Random(seed)
    codes = {"ec2": "RequestLimitExceeded", "s3": "SlowDown", "ssm": "ThrottlingException"}

    def fault(call: Call) -> None:
        if dice.random() < share:
            service = call.name.partition(".")[0]
            raise Refusal(codes.get(service, "Throttling"), "Rate exceeded", 503 if service == "s3" else 400)

    return fault


def deny(operation: str, code: str = "UnauthorizedOperation", message: str = "not authorized") -> Before:
    """This operation is never carried out."""

    def fault(call: Call) -> None:
        if call.operation == operation:
            raise Refusal(code, message, 403)

    return fault
