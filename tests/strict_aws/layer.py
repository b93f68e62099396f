"""Rules as botocore hooks: what is refused before a call is made, and what is changed in its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError

ACCOUNT = "123456789012"
REGION = "us-east-1"
READS = ("Describe", "Get", "List", "Head")

Uses = tuple[set[str], set[str]]
"""The ids of the security groups and of the subnets that something has an interface in."""


class Refusal(Exception):
    """AWS's answer to a call that it does not carry out: its error code, message and HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        self.code, self.message, self.status = code, message, status
        super().__init__(f"{code}: {message}")


class Instead(Exception):
    """AWS's answer to a call that it has seen before, by its client token: nothing is done."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.answer = answer
        super().__init__("answered from memory")


class Lost(Exception):
    """Raised by a fault after a call: it took effect, but its answer never came."""


@dataclass
class Call:
    """One call: `name` is service.Operation, such as ec2.CreateVpc; `arguments` are those given to boto3."""

    aws: StrictAws
    name: str
    arguments: dict[str, Any]
    request: dict[str, Any]
    """What goes over the wire; a rule may change it."""

    @property
    def service(self) -> str:
        return self.name.partition(".")[0]

    @property
    def operation(self) -> str:
        return self.name.partition(".")[2]

    @property
    def mutating(self) -> bool:
        return not self.operation.startswith(READS)


Before = Callable[[Call], None]
After = Callable[[Call, dict[str, Any]], None]


@dataclass(frozen=True)
class Rule:
    """A function of this layer, what it is about, and where it was learnt."""

    apply: Callable[..., None]
    source: str


BEFORE: dict[str, list[Rule]] = {}
AFTER: dict[str, list[Rule]] = {}
ANY = "*"


def refuses(*names: str, source: str) -> Callable[[Before], Before]:
    """Declare a rule that looks at these calls before they are made."""

    def declare(function: Before) -> Before:
        for name in names:
            BEFORE.setdefault(name, []).append(Rule(function, source))
        return function

    return declare


def answers(*names: str, source: str) -> Callable[[After], After]:
    """Declare a rule that changes the answers of these calls."""

    def declare(function: After) -> After:
        for name in names:
            AFTER.setdefault(name, []).append(Rule(function, source))
        return function

    return declare


@dataclass
class Life:
    """A thing on its way: each state until its time, then `then` (None: gone)."""

    stages: list[tuple[str, float]]
    then: str | None
    description: dict[str, Any] = field(default_factory=dict)
    """What is shown of it while the emulator no longer has it."""


class Lives:
    """What is on its way, by kind and id, in seconds of the test's clock."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lives: dict[tuple[str, str], Life] = {}

    def pass_through(self, kind: str, id: str, state: str, seconds: float, then: str | None) -> Life:
        """From now on `id` is in `state`, for so many seconds, then in `then`; `then=None`: it is gone."""
        return self.stages(kind, id, [(state, seconds)], then)

    def stages(self, kind: str, id: str, stages: list[tuple[str, float]], then: str | None) -> Life:
        """The same with several states, each for so many seconds."""
        until, ends = self._clock(), []
        for state, seconds in stages:
            until += seconds
            ends.append((state, until))
        life = self._lives[kind, id] = Life(ends, then)
        return life

    def state(self, kind: str, id: str) -> str | None:
        """The state that the layer knows, or None if it knows nothing of it or it is gone."""
        life = self._lives.get((kind, id))
        if life is None:
            return None
        return next((state for state, until in life.stages if self._clock() < until), life.then)

    def on_its_way(self, kind: str, id: str) -> bool:
        life = self._lives.get((kind, id))
        return life is not None and self._clock() < life.stages[-1][1]

    def going(self, kind: str) -> dict[str, Life]:
        """Those of this kind that are being deleted and still show."""
        return {
            id: life
            for (each, id), life in self._lives.items()
            if each == kind and life.then is None and self.on_its_way(kind, id)
        }


class StrictAws:
    """The rules of one test over the emulator of this process.

    `seconds` says how long each kind takes, by the state: seconds["database", "creating"]; what is not named
    takes `default_seconds`. `faults` see every call before the rules do, and may raise Refusal or anything;
    `losses` see it after it took effect, and may raise Lost. `calls` holds every call that was made.
    """

    def __init__(self, clock: Callable[[], float], default_seconds: float = 0.6) -> None:
        self.clock = clock
        self.default_seconds = default_seconds
        self.seconds: dict[tuple[str, str], float] = {}
        self.lives = Lives(clock)
        self.calls: list[Call] = []
        self.faults: list[Before] = []
        self.losses: list[Before] = []
        self.memory: dict[str, Any] = {}
        """What rules remember of this test, by a name of their own."""

    def takes(self, kind: str, state: str) -> float:
        return self.seconds.get((kind, state), self.default_seconds)

    def before(self, call: Call) -> None:
        self.calls.append(call)
        for fault in self.faults:
            fault(call)
        for rule in (*BEFORE.get(ANY, ()), *BEFORE.get(call.name, ())):
            rule.apply(call)

    def after(self, call: Call, answer: dict[str, Any]) -> None:
        for rule in (*AFTER.get(call.name, ()), *AFTER.get(ANY, ())):
            rule.apply(call, answer)
        for loss in self.losses:
            loss(call)

    def mutating(self) -> list[str]:
        """The operations that changed something, in their order."""
        return [call.operation for call in self.calls if call.mutating]


class Wiring:
    """The hooks of one session, which clients copy when they are made: in force is what `aws` is now."""

    aws: StrictAws | None = None

    def __init__(self, session: boto3.Session) -> None:
        self.session = session
        session.events.register_first("before-parameter-build.*.*", self._remember)
        session.events.register_first("before-call.*.*", self._before)
        session.events.register_last("after-call.*.*", self._after)

    def _remember(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["arguments"] = params

    def _before(
        self, event_name: str, params: dict[str, Any], context: dict[str, Any], **_: Any
    ) -> tuple[AWSResponse, dict[str, Any]] | None:
        if self.aws is None:
            return None
        _, service, operation = event_name.split(".")
        call = context["call"] = Call(self.aws, f"{service}.{operation}", context["arguments"], params)
        try:
            self.aws.before(call)
        except Refusal as refusal:
            return _error(refusal)
        except Instead as instead:
            return AWSResponse("https://aws", 200, {}, None), instead.answer
        return None

    def _after(
        self, http_response: AWSResponse, parsed: dict[str, Any], context: dict[str, Any], **_: Any
    ) -> None:
        if self.aws is None or http_response.status_code >= 300:
            return
        try:
            self.aws.after(context["call"], parsed)
        except Lost as lost:
            raise ConnectionClosedError(endpoint_url="https://aws", error=lost) from lost
        except Refusal as refusal:  # it took effect, and AWS answers with an error all the same
            http_response.status_code, answer = refusal.status, _error(refusal)[1]
            parsed.clear()
            parsed.update(answer)


def _error(refusal: Refusal) -> tuple[AWSResponse, dict[str, Any]]:
    answer = {
        "Error": {"Code": refusal.code, "Message": refusal.message},
        "ResponseMetadata": {"HTTPStatusCode": refusal.status, "HTTPHeaders": {}, "RetryAttempts": 0},
    }
    return AWSResponse("https://aws", refusal.status, {}, None), answer
