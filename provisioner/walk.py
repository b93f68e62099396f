"""Work on every resource of a graph, each after those that it needs, as many at a time as can be."""

from __future__ import annotations

import contextlib
import graphlib
import queue
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

from botocore.exceptions import ClientError

from provisioner.aws import AnswerLost, Cloud
from provisioner.errors import CredentialsRefused, Incomplete, Interrupted, Refused
from provisioner.events import Action, Event, OnEvent
from provisioner.model import Resource
from provisioner.waiting import Tell, until_visible

THREADS = 16
ANSWERS_LOST = 5
"""How often a resource is looked at again after a call whose answer was lost."""

Work = Callable[[Resource, Tell], Action]


def walk(
    graph: Mapping[str, set[str]],
    resources: Mapping[str, Resource],
    cloud: Cloud,
    work: Work,
    on_event: OnEvent,
    *,
    keep_going: bool = False,
) -> dict[str, Action]:
    """Do `work` on every name of the graph, after those that it puts before that one.

    After a failure nothing new is begun, unless `keep_going`: then everything that does not come after what
    failed. Raises Incomplete with each failed resource's error once all that was running has ended,
    CredentialsRefused if AWS no longer takes the credentials, Interrupted if `cloud.stop` was set.
    """
    begun = cloud.clock()
    inbox: queue.Queue[Event | Future[Action]] = queue.Queue()
    actions: dict[str, Action] = {}
    errors: dict[str, Exception] = {}
    running: dict[Future[Action], Resource] = {}
    sorter = graphlib.TopologicalSorter(graph)
    sorter.prepare()

    def event(resource: Resource, what: str, action: Action | None = None, detail: str = "") -> Event:
        return Event(resource.name, resource.kind, what, cloud.clock() - begun, action, detail)

    def finish(future: Future[Action]) -> None:
        resource = running.pop(future)
        error = future.exception()
        if error is None:
            actions[resource.name] = future.result()
            sorter.done(resource.name)
            on_event(event(resource, "done", actions[resource.name]))
        elif isinstance(error, Exception):
            if isinstance(error, ClientError):
                details = error.response["Error"]
                error = Refused(resource.name, error.operation_name, details["Code"], details["Message"])
            if isinstance(error, CredentialsRefused):
                cloud.stop.set()  # the same happens to every other call
            if not isinstance(error, Interrupted):
                errors[resource.name] = error
            on_event(event(resource, "failed", detail=str(error)))
        else:
            raise error

    with ThreadPoolExecutor(THREADS) as pool, _stopping(cloud):
        while True:
            if (keep_going or not errors) and not cloud.stop.is_set():
                for name in sorter.get_ready():
                    resource = resources[name]
                    on_event(event(resource, "begun"))

                    def tell(state: str, resource: Resource = resource) -> None:
                        inbox.put(event(resource, "state", detail=state))

                    future = pool.submit(_despite_lost_answers, work, resource, cloud, tell)
                    running[future] = resource
                    future.add_done_callback(inbox.put)
            if not running:
                break
            message = inbox.get()
            if isinstance(message, Event):
                on_event(message)
            else:
                finish(message)
    for error in errors.values():
        if isinstance(error, CredentialsRefused):
            raise error
    if errors:
        raise Incomplete(errors)
    if cloud.stop.is_set():
        raise Interrupted("stopped; run the same command again to go on")
    return actions


def _despite_lost_answers(work: Work, resource: Resource, cloud: Cloud, tell: Tell) -> Action:
    """Do the work; after a call whose answer was lost do it again, which begins with a look."""
    for _ in range(ANSWERS_LOST - 1):
        try:
            return work(resource, tell)
        except AnswerLost as error:
            tell(f"looking again, an answer was lost ({error})")
            until_visible(resource, cloud)
    return work(resource, tell)


@contextlib.contextmanager
def _stopping(cloud: Cloud) -> Iterator[None]:
    """Whatever breaks the coordinating thread also ends the waiting of the others."""
    try:
        yield
    except BaseException:
        cloud.stop.set()
        raise
