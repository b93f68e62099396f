"""Another release, other settings, another script: the host that runs gets them, and is kept if they fail."""

import contextlib

import pytest

from provisioner import engine
from provisioner.errors import Failed, Incomplete, TimedOut
from provisioner.events import Action
from provisioner.resources.host import BOOT_SECONDS
from tests.provisioner.branches import Branches, serial
from tests.strict_aws.census import census
from tests.strict_aws.faults import Crash, lose_answer


@pytest.fixture
def before(site):
    """The host of a stack that stands."""
    stack, cloud = site()
    engine.up(stack, cloud)
    return stack.resources["host"].find(cloud)


def changed(actions):
    return {name: action for name, action in actions.items() if action is not Action.KEEP}


def scripts(aws):
    return aws.strict.memory.get("scripts", [])


def failure(stack, cloud):
    with pytest.raises(Incomplete) as raised:
        engine.up(stack, cloud)
    return raised.value.errors["host"]


def test_changed_code_goes_to_the_host_that_is_there(aws, site, before):
    stack, cloud = site(archive=b"changed")
    (step,) = [step for step in engine.plan(stack, cloud) if step.action is Action.CHANGE]
    assert [change.what for change in step.changes] == ["release"]
    assert changed(engine.up(stack, cloud)) == {"archive": Action.CREATE, "host": Action.CHANGE}
    host = stack.resources["host"].find(cloud)
    assert host.id == before.id
    assert host.facts["release"] == stack.resources["archive"].sha256()[:12]
    assert scripts(aws) == [stack.resources["host"].user_data.rstrip("\n")]
    assert not changed(engine.up(*site(archive=b"changed")))
    assert len(scripts(aws)) == 1


def test_other_ports_and_settings_reach_the_host(aws, site, before):
    stack, cloud = site(port=8010, admin_port=8011, articles="https://example.org/articles.csv")
    assert changed(engine.up(stack, cloud)).keys() == {"web", "settings", "host"}
    host = stack.resources["host"].find(cloud)
    assert (host.id, host.facts["admin port"]) == (before.id, 8011)
    assert host.facts["url"].endswith(":8010")
    assert len(scripts(aws)) == 1
    assert not changed(engine.up(stack, cloud))


def test_a_script_that_fails_is_told_with_its_last_lines_and_run_again(aws, site, before):
    lines = "".join(f"line {number}\n" for number in range(100))
    written = f"{lines}boot: failed at healthy\nboot: the release before runs\n"
    aws.strict.memory["script ends"] = ("Failed", "Failed", written)
    stack, cloud = site(archive=b"broken")
    error = failure(stack, cloud)
    assert isinstance(error, Failed)
    assert "boot: failed at healthy\nboot: the release before runs" in error.reason
    assert "line 99" in error.reason
    assert "line 1\n" not in error.reason
    assert stack.resources["host"].find(cloud).facts["release"] == before.facts["release"]

    del aws.strict.memory["script ends"]
    assert changed(engine.up(stack, cloud)) == {"host": Action.CHANGE}
    assert len(scripts(aws)) == 2


def test_an_agent_that_never_reports_says_what_to_do(aws, site, before):
    aws.strict.memory["silent agents"] = True
    error = failure(*site(archive=b"changed"))
    assert isinstance(error, Failed)
    assert f"terminate the instance: aws ec2 terminate-instances --instance-ids {before.id}" in str(error)


def test_a_command_that_is_not_delivered_says_what_to_do(aws, site, before):
    aws.strict.memory["script ends"] = ("TimedOut", "Delivery Timed Out", "")
    assert "terminate the instance" in str(failure(*site(archive=b"changed")))


def test_a_script_that_hangs_is_given_up_on(aws, site, before):
    aws.strict.seconds["command", "InProgress"] = 10 * BOOT_SECONDS
    assert isinstance(failure(*site(archive=b"changed")), TimedOut)


def test_a_new_instance_type_launches_a_new_host_without_a_command(aws, site, before):
    stack, cloud = site(archive=b"changed", instance_type="t3.medium")
    engine.up(stack, cloud)
    host = stack.resources["host"].find(cloud)
    assert host.id != before.id
    assert host.facts["release"] == stack.resources["archive"].sha256()[:12]
    assert scripts(aws) == []


def test_a_roll_out_that_is_cut_off_at_any_call_is_finished_by_the_same_command(aws, site, tmp_path):
    with serial():
        stack, cloud = site()
        engine.up(stack, cloud)
        stack, cloud = site(archive=b"changed")
        branches, there = Branches(tmp_path), census()

        def die(call):
            if not branches.label and branches.branch(f"dead before {call.name}"):
                raise Crash

        aws.strict.faults.append(die)

        def work():
            with contextlib.suppress(Crash):
                engine.up(stack, cloud)
            aws.strict.faults.remove(die)
            cloud.stop.clear()
            engine.up(stack, cloud)
            host = stack.resources["host"]
            assert host.find(cloud).facts["release"] == host.release[:12]
            assert census() == there | {"object": 2}
            assert not changed(engine.up(stack, cloud))

        branches.run(work)
        assert branches.tried > 30


@pytest.mark.parametrize("dropped", [True, False])
@pytest.mark.parametrize("number", range(3))
def test_a_lost_answer_ends_in_the_same_release(aws, site, before, number, dropped):
    """Of the upload, of the command, and of the tags that say it ran."""
    aws.strict.losses.append(lose_answer(number, dropped=dropped))
    stack, cloud = site(archive=b"changed")
    engine.up(stack, cloud)
    host = stack.resources["host"].find(cloud)
    assert (host.id, host.facts["release"]) == (before.id, stack.resources["host"].release[:12])
