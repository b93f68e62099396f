"""What AWS does to a client while it works: throttling, lag, refusals, credentials that end."""

import pytest

import provisioner.lock
from provisioner import engine
from provisioner.aws import RETRIES, Cloud
from provisioner.errors import CredentialsRefused, Failed, Incomplete, Locked, Refused
from provisioner.events import Action
from provisioner.lock import lock
from tests.strict_aws.census import census
from tests.strict_aws.faults import deny, expire_at, throttle


@pytest.mark.parametrize("seed", [1, 2])
def test_throttled_and_lagging_it_still_converges(aws, site, seed):
    """One call in five is refused for being too many, and every new id shows only after 3 s."""
    stack, cloud = site(nat=True)
    nothing = census()
    aws.strict.memory["invisible"] = 3
    aws.strict.faults.append(throttle(0.2, seed))
    assert set(engine.up(stack, cloud).values()) == {Action.CREATE}
    assert {step.action for step in engine.plan(stack, cloud)} == {Action.KEEP}
    engine.down(stack, cloud)
    assert census() == nothing


@pytest.mark.parametrize(
    ("operation", "code", "message", "says"),
    [
        ("CreateVpc", "UnauthorizedOperation", "You are not authorized", "may not: have it allowed"),
        ("CreateRole", "AccessDenied", "User: x is not authorized", "may not: have it allowed"),
        ("CreateSubnet", "InvalidSubnet.Conflict", "The CIDR conflicts", "mend what it names"),
        ("CreateDBInstance", "InvalidParameterCombination", "RDS does not", "mend what it names"),
    ],
)
def test_what_no_repetition_mends_stops_at_once(aws, site, operation, code, message, says):
    stack, cloud = site()
    aws.strict.faults.append(deny(operation, code, message))
    with pytest.raises(Incomplete) as caught:
        engine.up(stack, cloud)
    for error in caught.value.errors.values():
        assert isinstance(error, Refused)
        assert error.code == code
        assert message in str(error)
        assert says in str(error)
        assert "\n" not in str(error)
    # Two subnets are asked for at the same time; nothing is asked for twice.
    resources = {error.resource for error in caught.value.errors.values()}
    assert aws.calls.count(operation) == len(resources)


@pytest.mark.parametrize("number", [0, 30, 75])
def test_credentials_that_end_stop_the_run_and_new_ones_resume_it(aws, site, number, monkeypatch):
    stack, cloud = site()
    expiry = expire_at(number)
    aws.strict.faults.append(expiry)
    events = []
    begun = aws.clock.now
    with pytest.raises(CredentialsRefused, match=r"\(ExpiredToken\): sign in again") as caught, lock(cloud):
        engine.up(stack, cloud, events.append)
    assert "\n" not in str(caught.value)
    assert aws.clock.now - begun < 120
    aws.strict.faults.remove(expiry)
    again = Cloud(cloud.session, cloud.stack, clock=aws.clock, pause=aws.clock.pause)
    monkeypatch.setattr(provisioner.lock, "_alive", lambda process: False)  # a new one, after signing in
    with lock(again):
        engine.up(stack, again)
    assert {step.action for step in engine.plan(stack, again)} == {Action.KEEP}


def test_a_nat_gateway_that_failed_is_told_with_its_reason_and_made_again(aws, site):
    stack, cloud = site(nat=True)
    aws.strict.memory["fails"] = {
        "nat": ("InsufficientFreeAddressesInSubnet", "Subnet has no free addresses")
    }
    told = []
    assert engine.up(stack, cloud, told.append)["nat-gateway"] is Action.CREATE
    reasons = [event.detail for event in told if event.resource == "nat-gateway" and "failed" in event.detail]
    assert "InsufficientFreeAddressesInSubnet Subnet has no free addresses" in reasons[0]
    assert census()["NAT gateway"] == 1


def test_what_fails_twice_is_an_error_with_the_reason(aws, site):
    stack, cloud = site(nat=True)
    failure = ("InternalError", "Sorry")
    aws.strict.faults.append(lambda call: aws.strict.memory.update(fails={"nat": failure}))
    with pytest.raises(Incomplete, match="is failed: InternalError Sorry") as caught:
        engine.up(stack, cloud)
    assert isinstance(caught.value.errors["nat-gateway"], Failed)


def test_a_teardown_goes_on_past_what_can_not_go(aws, site):
    """What is refused keeps what it stands in; everything else goes, and so do the costs."""
    stack, cloud = site()
    engine.up(stack, cloud)
    refusal = deny("DeleteBucket", "AccessDenied", "not authorized")
    aws.strict.faults.append(refusal)
    with pytest.raises(Incomplete) as caught:
        engine.down(stack, cloud)
    assert caught.value.errors.keys() == {"bucket"}
    assert census().keys() == {"bucket", "private bucket"}
    aws.strict.faults.remove(refusal)
    engine.down(stack, cloud)
    assert not census()


def test_a_retry_ends_at_its_deadline_with_awss_own_words(aws, site):
    """The table says for how long; after that the answer is the error."""
    stack, cloud = site()
    (seconds,) = (retry.seconds for retry in RETRIES if retry.code == "RequestLimitExceeded")
    aws.strict.faults.append(deny("DescribeVpcs", "RequestLimitExceeded", "Request limit exceeded."))
    with pytest.raises(Incomplete, match="RequestLimitExceeded"):
        engine.up(stack, cloud)
    assert seconds <= aws.clock.now < seconds + 60


def test_a_runner_that_is_alive_keeps_its_lock(aws):
    one, two = aws.cloud(), aws.cloud()
    with (
        lock(one),
        pytest.raises(Locked, match=r"locked by .+@.+ \(process \d+\) since 2") as caught,
        lock(two),
    ):
        pass
    assert caught.value.owner
    with lock(two):
        pass


def test_a_lock_whose_time_is_over_is_taken_over_saying_so(aws):
    told = []
    cloud = aws.cloud()
    with lock(cloud):
        held = cloud.ssm.get_parameter(Name="/covid/lock")["Parameter"]["Value"]
    old = held.replace('"host": "', '"host": "another-').replace('"until": "2', '"until": "1')
    cloud.ssm.put_parameter(Name="/covid/lock", Value=old, Type="String")
    with lock(cloud, told.append):
        pass
    assert "taken over from" in told[0].detail
    with lock(cloud, told.append):
        pass
    assert len(told) == 1


def test_a_lock_that_can_not_be_given_back_hides_nothing(aws):
    told = []
    cloud = aws.cloud()
    aws.strict.faults.append(deny("DeleteParameter", "AccessDeniedException"))
    with pytest.raises(KeyError, match="the reason"), lock(cloud, told.append):
        raise KeyError("the reason")
    assert "not given back" in told[0].detail
