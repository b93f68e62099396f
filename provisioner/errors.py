"""What can go wrong, as data: each error says what happened to which resource, and what to do about it."""

from collections.abc import Mapping, Sequence


class ProvisionerError(Exception):
    """The base of every error that the library raises on purpose; its text is one clear line."""


class Invalid(ProvisionerError):
    """Nothing was made: the configuration, the credentials or the account can't carry the stack."""

    def __init__(self, *problems: str) -> None:
        self.problems: Sequence[str] = problems
        super().__init__("; ".join(problems))


class Unreachable(ProvisionerError):
    """AWS's endpoint, or the credentials for it, could not be used at all."""


class CredentialsRefused(ProvisionerError):
    """AWS does not take the credentials, or no longer, in the middle of a run; `code` is AWS's own."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(
            f"AWS does not take these credentials ({code}): sign in again, then the same command goes on"
        )


class ResourceError(ProvisionerError):
    """An error about one resource of the stack, known by its name there."""

    def __init__(self, resource: str, text: str) -> None:
        self.resource, self.text = resource, text
        super().__init__(f"{resource}: {text}")


class Ambiguous(ResourceError):
    """More than one thing carries this resource's tags; all of them are named."""

    def __init__(self, resource: str, ids: Sequence[str]) -> None:
        self.ids = tuple(ids)
        super().__init__(resource, f"found {len(ids)} of it: {', '.join(ids)}; delete all but one")


class NotOurs(ResourceError):
    """Something has our name but not our tag: it is never changed or deleted."""

    def __init__(self, resource: str, id: str, stack: str) -> None:
        self.id = id
        super().__init__(
            resource, f"{id} exists but is not of stack {stack!r}; choose another --name, or remove it"
        )


class CannotChange(ResourceError):
    """AWS can't change this in place."""

    def __init__(self, resource: str, what: str, now: object, wanted: object, advice: str = "") -> None:
        self.what, self.now, self.wanted = what, now, wanted
        advice = advice or "tear the stack down and create it again, or choose another --name"
        super().__init__(resource, f"{what} is {now} and can't become {wanted}; {advice}")


class Protected(ResourceError):
    """Somebody protected it from deletion: that is not ours to end, unless we are told to."""

    def __init__(self, resource: str, id: str, advice: str) -> None:
        self.id = id
        super().__init__(resource, f"{id} is protected from deletion: {advice}")


DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError")
"""How the services say that the credentials don't allow a call."""


class Refused(ResourceError):
    """AWS answered with an error that no repetition mends; `code` is AWS's own."""

    def __init__(self, resource: str, operation: str, code: str, message: str) -> None:
        self.operation, self.code = operation, code
        advice = (
            "these credentials may not: have it allowed"
            if code in DENIED
            else "mend what it names, then the same command goes on"
        )
        super().__init__(resource, f"{operation}: {code}: {message.rstrip('.')}; {advice}")


class Failed(ResourceError):
    """The resource reached a state that it doesn't leave by itself; `reason` is AWS's own."""

    def __init__(self, resource: str, id: str, state: str, reason: str = "") -> None:
        self.id, self.state, self.reason = id, state, reason
        super().__init__(resource, f"{id} is {state}" + (f": {reason}" if reason else ""))


class TimedOut(ResourceError):
    """The resource was still on its way when its deadline came; running the command again goes on waiting.

    `reason` is what it had to say until then.
    """

    def __init__(self, resource: str, state: str, seconds: float, reason: str = "") -> None:
        self.state, self.seconds, self.reason = state, seconds, reason
        text = f"still {state} after {seconds:.0f} s; run the command again to go on"
        super().__init__(resource, text + (f"; {reason}" if reason else ""))


class Locked(ProvisionerError):
    """Another runner works on the stack."""

    def __init__(self, stack: str, owner: str, since: str, until: str) -> None:
        self.stack, self.owner, self.since, self.until = stack, owner, since, until
        super().__init__(f"stack {stack!r} is locked by {owner} since {since}, at the latest until {until}")


class Interrupted(ProvisionerError):
    """The caller asked to stop; what was running has been finished, nothing new was begun."""


class Incomplete(ProvisionerError):
    """Some resources failed; what does not depend on them was left as it is. Running again resumes."""

    def __init__(self, errors: Mapping[str, Exception]) -> None:
        self.errors = dict(errors)
        super().__init__("; ".join(str(error) for error in self.errors.values()))
