"""No password shows anywhere but where it is kept: in Secrets Manager, and in the calls that set it."""

import json
import logging
import traceback

import pytest
from moto.ec2 import ec2_backends

from provisioner import engine
from provisioner.errors import Incomplete
from provisioner.lock import lock
from provisioner.model import Refs
from tests.strict_aws.faults import deny
from tests.strict_aws.layer import ACCOUNT, REGION, Lost

TAKES_A_PASSWORD = {"CreateDBInstance", "CreateReplicationGroup", "CreateSecret", "PutSecretValue"}


@pytest.fixture
def passwords(aws):
    """The passwords once they are made, looked up where they are kept."""

    def look():
        answer = aws.cloud().secretsmanager.get_secret_value(SecretId="covid/secret")
        values = json.loads(answer["SecretString"])
        assert len(values) == 4
        assert sorted(map(len, values.values())) == [32, 32, 32, 64]
        return values

    return look


def shown_in(text, passwords):
    return [key for key, value in passwords().items() if value in text]


def test_neither_events_nor_outputs_nor_plans_nor_user_data_show_one(aws, site, passwords, caplog):
    stack, cloud = site()
    events = []
    with caplog.at_level(logging.INFO), lock(cloud, events.append):
        engine.up(stack, cloud, events.append)
        found = engine.status(stack, cloud)
        said = [events, found, engine.outputs(stack, Refs(found)), engine.plan(stack, cloud)]
        said += [
            engine.plan_down(stack.order(), cloud),
            stack.resources["host"].user_data,
            repr(stack.resources),
        ]
    assert not shown_in(f"{said} {caplog.text}", passwords)


def test_no_call_but_those_that_set_it_carries_one(aws, site, passwords):
    """Tags, parameters, descriptions, user data: all that AWS is told is in the calls."""
    stack, cloud = site(nat=True)
    engine.up(stack, cloud)
    calls = [call for call in aws.strict.calls if call.operation not in TAKES_A_PASSWORD]
    assert {"CreateVpc", "PutParameter", "RunInstances", "CreateRole"} <= {call.operation for call in calls}
    for call in calls:
        assert not shown_in(f"{call.arguments}", passwords), call.name
    for name in TAKES_A_PASSWORD - {"PutSecretValue"}:
        assert any(shown_in(f"{c.arguments}", passwords) for c in aws.strict.calls if c.operation == name), (
            name
        )


def test_no_tag_and_no_parameter_holds_one(aws, site, passwords):
    stack, cloud = site(nat=True)
    engine.up(stack, cloud)
    parameters = cloud.ssm.all("get_parameters_by_path", "Parameters", Path="/covid", Recursive=True)
    assert len(parameters) >= 6
    tags = dict(ec2_backends[ACCOUNT][REGION].tags)
    assert len(tags) > 10
    assert not shown_in(f"{parameters} {tags}", passwords)


@pytest.mark.parametrize("operation", ["CreateDBInstance", "CreateReplicationGroup"])
def test_no_error_shows_one(aws, site, passwords, operation, caplog):
    """Not in what is said, nor in the chain of what led to it."""
    stack, cloud = site()
    aws.strict.faults.append(deny(operation, "InvalidParameterValue", "refused"))
    with caplog.at_level(logging.INFO), pytest.raises(Incomplete) as caught:
        engine.up(stack, cloud)
    chain = "".join(traceback.format_exception(caught.value))
    chain += "".join("".join(traceback.format_exception(each)) for each in caught.value.errors.values())
    assert "refused" in chain
    assert not shown_in(f"{chain} {caught.value!r} {caplog.text}", passwords)


def test_no_lost_answer_shows_one(aws, site, passwords):
    stack, cloud = site()
    told = []

    def lose(call):
        if call.operation in TAKES_A_PASSWORD:
            raise Lost

    aws.strict.losses.append(lose)
    engine.up(stack, cloud, told.append)
    assert sum("an answer was lost" in event.detail for event in told) >= 3
    assert not shown_in(f"{told}", passwords)
