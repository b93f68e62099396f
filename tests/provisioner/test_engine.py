"""The engine serves any stack: here one of resources that live in a dictionary."""

import threading
from dataclasses import dataclass, field

import pytest

from provisioner import engine
from provisioner.aws import AnswerLost
from provisioner.engine import decide
from provisioner.errors import Failed, Incomplete, Interrupted
from provisioner.events import Action
from provisioner.model import Change, Condition, Fact, Found, Refs, Resource, Stack


@dataclass(frozen=True)
class Thing(Resource):
    """A thing in a world of its own; its dependencies are whatever its field holds."""

    world: dict = field(default_factory=dict)
    needs: tuple = ()
    size: int = 1

    def find(self, cloud):
        return self.world.get(self.name)

    def differences(self, cloud, found, refs: Refs):
        size = found.facts["size"]
        return [] if size == self.size else [Change("size", size, self.size)]

    def create(self, cloud, refs):
        for needed in self.needs:
            assert refs[needed.resource if isinstance(needed, Fact) else needed].id
        self.world[self.name] = Found(self.name, {"size": self.size})

    def change(self, cloud, found, refs, changes):
        self.world[self.name] = Found(self.name, {"size": self.size})

    def delete(self, cloud, found):
        assert not [name for name, needs in self.world["needs"].items() if self.name in needs]
        del self.world[self.name]
        self.world["needs"].pop(self.name, None)


@pytest.fixture
def world():
    return {"needs": {}}


def test_a_smaller_stack_comes_and_goes(aws, world):
    base = Thing("base", world)
    stack = Stack("small", [Thing("top", world, (Fact(base, "size"),)), base])
    cloud = aws.cloud("small")
    assert engine.up(stack, cloud) == {"base": Action.CREATE, "top": Action.CREATE}
    assert engine.up(stack, cloud) == {"base": Action.KEEP, "top": Action.KEEP}
    grown = Stack("small", [Thing("base", world, size=2)])
    assert engine.up(grown, cloud) == {"base": Action.CHANGE}
    assert engine.down(stack, cloud) == {"base": Action.DELETE, "top": Action.DELETE}
    assert world == {"needs": {}}


def test_independent_branches_run_at_the_same_time(aws, world):
    meeting = threading.Barrier(3, timeout=10)  # breaks unless all three are being made at once

    @dataclass(frozen=True)
    class Meeting(Thing):
        def create(self, cloud, refs):
            meeting.wait()
            super().create(cloud, refs)

    stack = Stack("small", [Meeting(name, world) for name in "abc"])
    assert set(engine.up(stack, aws.cloud("small")).values()) == {Action.CREATE}


def test_what_failed_is_removed_and_made_again(aws, world):
    world["thing"] = Found("thing", {"size": 1}, "failed", Condition.FAILED)
    assert engine.up(Stack("small", [Thing("thing", world)]), aws.cloud("small")) == {"thing": Action.REPLACE}
    assert world["thing"].condition is Condition.READY


def test_what_is_broken_and_may_hold_data_is_left_to_a_person(aws, world):
    world["thing"] = Found("thing", {"size": 1}, "storage-full", Condition.BROKEN)
    stack = Stack("small", [Thing("thing", world)])
    with pytest.raises(Incomplete) as caught:
        engine.up(stack, aws.cloud("small"))
    assert isinstance(caught.value.errors["thing"], Failed)
    assert "storage-full" in engine.plan(stack, aws.cloud("small"))[0].blocked
    assert world["thing"].state == "storage-full"


def test_after_a_lost_answer_it_looks_before_it_asks_again(aws, world):
    made = []

    @dataclass(frozen=True)
    class Lossy(Thing):
        def create(self, cloud, refs):
            made.append(self.name)
            super().create(cloud, refs)
            raise AnswerLost("the line went dead")

    assert engine.up(Stack("small", [Lossy("thing", world)]), aws.cloud("small")) == {"thing": Action.CREATE}
    assert made == ["thing"]


def test_a_failure_stops_what_depends_on_it_and_names_itself(aws, world):
    @dataclass(frozen=True)
    class Hopeless(Thing):
        def create(self, cloud, refs):
            raise Failed(self.name, "id", "failed", "no room")

    base = Hopeless("base", world)
    events = []
    with pytest.raises(Incomplete, match="no room"):
        engine.up(Stack("small", [base, Thing("top", world, (base,))]), aws.cloud("small"), events.append)
    assert [(event.resource, event.what) for event in events] == [("base", "begun"), ("base", "failed")]


def test_a_stop_begins_nothing_new(aws, world):
    cloud = aws.cloud("small")
    base = Thing("base", world)
    stack = Stack("small", [base, Thing("top", world, (base,))])

    def stop_after_the_first(event):
        if event.what == "done":
            cloud.stop.set()

    with pytest.raises(Interrupted):
        engine.up(stack, cloud, stop_after_the_first)
    assert "top" not in world
    assert engine.up(stack, aws.cloud("small")) == {"base": Action.KEEP, "top": Action.CREATE}


@pytest.mark.parametrize(
    ("condition", "changes", "action"),
    [
        (Condition.PENDING, (), Action.WAIT),
        (Condition.GOING, (), Action.REPLACE),
        (Condition.FAILED, (), Action.REPLACE),
        (Condition.READY, (), Action.KEEP),
        (Condition.READY, (Change("size", 1, 2),), Action.CHANGE),
    ],
)
def test_decide(condition, changes, action):
    assert decide(Found("id", condition=condition), changes) is action
    assert decide(None) is Action.CREATE


def test_a_stack_refuses_what_it_could_not_order(world):
    with pytest.raises(ValueError, match="lacks"):
        Stack("small", [Thing("top", world, (Thing("elsewhere", world),))])
    with pytest.raises(ValueError, match="two resources"):
        Stack("small", [Thing("same", world), Thing("same", world)])
