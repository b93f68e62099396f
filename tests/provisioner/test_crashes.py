"""Wherever a run was cut off, the same command finishes the job, and teardown leaves nothing."""

import pytest

import provisioner.lock
from provisioner import engine
from provisioner.events import Action
from provisioner.lock import lock
from tests.provisioner.branches import Branches, serial
from tests.strict_aws.census import census
from tests.strict_aws.faults import Crash
from tests.strict_aws.layer import Lost, Refusal


@pytest.fixture
def everything(aws, site, tmp_path):
    """A stack with every kind of resource, and its cloud."""
    aws.strict.default_seconds = 0.1  # one look at each that is on its way: there are some hundred runs
    articles = tmp_path / "articles.csv"
    articles.write_text("OBJECTID\n")
    with serial():
        yield site(nat=True, articles=str(articles))


def create(stack, cloud):
    with lock(cloud):
        engine.up(stack, cloud)


def teardown(stack, cloud):
    with lock(cloud):
        engine.down(stack, cloud)


NO_NEWS = "nothing has happened since"


class Deaths:
    """At every call a copy of the process dies instead of making it.

    What comes after depends on what AWS has by then and on the time, and on nothing else, since the process
    is gone. So each ending is tried once from each such situation; a copy that dies in one that was tried
    already has only to leave it as it was.
    """

    def __init__(self, aws, branches, endings):
        self.aws, self.branches, self.endings = aws, branches, endings
        self.calls = self.mutations = 0
        self.situations = set()
        self.dead = False
        self.ending, self.before = "", None

    def __call__(self, call):
        if self.dead:
            raise Crash
        situation = self.mutations, self.aws.clock.now
        endings = [NO_NEWS] if situation in self.situations else self.endings
        self.calls += 1
        for ending in endings:
            if self.branches.branch(f"{ending}, dead before call {self.calls}, {call.name}"):
                self.dead, self.ending, self.before = True, ending, census()
                raise Crash
        self.situations.add(situation)
        self.mutations += call.mutating

    def revive(self):
        """A new process, on a machine where the old one is gone."""
        self.aws.strict.faults.remove(self)
        provisioner.lock._alive = lambda holder: False


@pytest.fixture
def branches(tmp_path):
    return Branches(tmp_path)


@pytest.fixture
def wanted(everything):
    """What there is after a create that nothing disturbed, and after a teardown."""
    stack, cloud = everything
    nothing = census()
    create(stack, cloud)
    whole = census()
    assert {(step.action, step.blocked) for step in engine.plan(stack, cloud)} == {(Action.KEEP, "")}
    teardown(stack, cloud)
    assert census() == nothing
    return whole, nothing


def test_a_create_that_is_cut_off_at_any_call(aws, everything, branches, wanted, record_property):
    """It is finished by the same command, or taken away by teardown."""
    stack, cloud = everything
    whole, nothing = wanted
    deaths = Deaths(aws, branches, ["create", "teardown"])
    aws.strict.faults.append(deaths)

    def work():
        try:
            create(stack, cloud)
        except Crash:
            deaths.revive()
            cloud.stop.clear()
            if deaths.ending == "create":
                create(stack, cloud)
            elif deaths.ending == "teardown":
                teardown(stack, cloud)
        assert census() == {"teardown": nothing, NO_NEWS: deaths.before}.get(deaths.ending, whole)

    branches.run(work)
    situations = len(deaths.situations)
    record_property(
        "tried", f"create was cut off at each of {deaths.calls} calls, in {situations} situations"
    )
    assert deaths.calls > 120
    assert branches.tried == deaths.calls + situations


def test_a_teardown_that_is_cut_off_at_any_call(aws, everything, branches, wanted, record_property):
    """It is finished by the same command."""
    stack, cloud = everything
    _, nothing = wanted
    create(stack, cloud)
    deaths = Deaths(aws, branches, ["teardown"])
    aws.strict.faults.append(deaths)

    def work():
        try:
            teardown(stack, cloud)
        except Crash:
            deaths.revive()
            cloud.stop.clear()
            if deaths.ending == "teardown":
                teardown(stack, cloud)
        assert census() == (deaths.before if deaths.ending == NO_NEWS else nothing)

    branches.run(work)
    situations = len(deaths.situations)
    record_property(
        "tried", f"teardown was cut off at each of {deaths.calls} calls, in {situations} situations"
    )
    assert branches.tried == deaths.calls > 80


LOSSES = (Lost("dropped"), Refusal("InternalError", "An internal error has occurred", 500))


def lose_each_answer(aws, branches, losses=LOSSES):
    """After every mutating call, copies of the process never hear that it worked."""

    def loss(call):
        for error in losses:
            if call.mutating and not branches.label and branches.branch(f"{call.name} {error}"):
                raise error

    aws.strict.losses.append(loss)


@pytest.mark.parametrize(("invisible", "losses"), [(0, LOSSES), (3, LOSSES[:1])])
def test_an_answer_that_is_lost_makes_nothing_twice(
    aws, everything, branches, wanted, record_property, invisible, losses
):
    """Not even while what was made does not show yet."""
    stack, cloud = everything
    whole, _ = wanted
    aws.strict.memory["invisible"] = invisible
    lose_each_answer(aws, branches, losses)

    def work():
        create(stack, cloud)
        assert census() == whole

    branches.run(work)
    record_property(
        "tried", f"{branches.tried} answers of create were lost, with ids invisible for {invisible} s"
    )
    assert branches.tried > 45 * len(losses)


def test_a_teardown_whose_answers_are_lost_leaves_nothing(aws, everything, branches, wanted, record_property):
    stack, cloud = everything
    _, nothing = wanted
    create(stack, cloud)
    lose_each_answer(aws, branches)

    def work():
        teardown(stack, cloud)
        assert census() == nothing

    branches.run(work)
    record_property("tried", f"{branches.tried} answers of teardown were lost")
    assert branches.tried > 50
