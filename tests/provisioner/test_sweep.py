"""A sweep finds what a teardown could not have known of, and never takes a neighbour's for ours."""

from datetime import timedelta

import pytest

from provisioner import engine
from provisioner.aws import STACK_TAG
from provisioner.lock import lock
from provisioner.sweep import KINDS, LEAVING_SECONDS, TAGGING, services, sweep
from tests.provisioner import leftovers
from tests.provisioner.leftovers import PLANTS, plant_all
from tests.provisioner.leftovers.plant import tag
from tests.strict_aws.faults import deny
from tests.strict_aws.layer import ACCOUNT, REGION, Instead, Refusal


def as_planted(planted, found_by):
    return {key: (found_by, plant.price and pytest.approx(plant.price)) for key, plant in planted.items()}


def as_found(swept):
    assert swept.unseen == {}
    return {(each.kind, each.id): (each.found_by, each.dollars_a_day) for each in swept.leftovers}


def test_there_is_a_plant_of_each_kind():
    assert {plant.kind for plant in PLANTS} == {kind.name for kind in KINDS}


def test_each_kind_is_found_by_its_name(aws, covid):
    stack, cloud = covid
    planted = plant_all(aws, cloud, "covid", [])
    aws.calls.clear()
    swept = sweep(stack, cloud)
    assert aws.mutating() == []
    found = as_found(swept)
    # An interface is found by its group's name, so that group is found too.
    group = (
        "security group",
        cloud.ec2.describe_security_groups(GroupNames=["covid-to-cache"])["SecurityGroups"][0]["GroupId"],
    )
    assert found == as_planted(planted, "name") | {group: ("name", 0)}


def test_each_kind_is_found_by_its_tag_whatever_its_name(aws, covid):
    """Where no list shows the tag, and the emulated tagging API does not know the kind, by both."""
    stack, cloud = covid
    planted = {}
    for plant in PLANTS:
        name = plant.name.format(stack="covid-old" if plant.tag_needs_name else "restored")
        planted[plant.kind, plant.make(cloud, name, tag("covid"))] = plant
    aws.clock.pause(3600)
    assert as_found(sweep(stack, cloud)) == as_planted(planted, "tag")


def test_what_has_another_stacks_tag_is_anothers_whatever_its_name(aws, covid):
    stack, cloud = covid
    plant_all(aws, cloud, "covid", tag("covid-2"))
    # Only the group that the interface was planted in has our name and no tag.
    assert [each.kind for each in sweep(stack, cloud).leftovers] == ["security group"]


@pytest.mark.parametrize("name", ["covid-2", "covidgraph"])
def test_strangers_names_are_not_ours(aws, covid, name):
    """Though they begin with the stack's."""
    stack, cloud = covid
    plant_all(aws, cloud, name, [])
    assert as_found(sweep(stack, cloud)) == {}


def test_strangers_are_not_even_asked_for_their_tags(aws, covid):
    """The stack's own policy does not allow it."""
    stack, cloud = covid
    leftovers.role(cloud, "covid-reader", [])
    leftovers.profile(cloud, "covid-reader", [])
    leftovers.bucket(cloud, "covid-data", [])
    leftovers.parameter(cloud, "/covid-19/x", [])
    for operation in ("GetRole", "GetInstanceProfile", "GetBucketTagging", "ListTagsForResource"):
        aws.strict.faults.append(deny(operation, "AccessDenied"))
    assert sweep(stack, cloud).clean


def test_a_standing_neighbour_is_never_ours(site):
    other, cloud_two = site(name="covid-2", nat=True)
    engine.up(other, cloud_two)
    stack, cloud = site(nat=True)
    assert sweep(stack, cloud).clean
    assert len(sweep(other, cloud_two).leftovers) > 20


def test_nothing_is_left_of_what_came_and_went(site):
    stack, cloud = site(nat=True)
    engine.up(stack, cloud)
    engine.down(stack, cloud)
    assert sweep(stack, cloud).clean


def test_what_nothing_here_makes_is_found_by_its_tag(covid):
    stack, cloud = covid
    cloud.service("sqs").create_queue(QueueName="theirs", tags={STACK_TAG: "covid"})
    cloud.service("sqs").create_queue(QueueName="others", tags={STACK_TAG: "covid-2"})
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:theirs"
    assert [(each.kind, each.id, each.found_by) for each in sweep(stack, cloud).leftovers] == [
        ("sqs", arn, "tag")
    ]


def test_the_tagging_api_is_not_believed_about_what_has_a_list(aws, covid):
    """It goes on naming what was deleted for hours: https://github.com/aws/aws-sdk/issues/676"""
    stack, cloud = covid
    gone = (
        "ec2:volume/vol-1",
        "rds:db:covid-database",
        "logs:log-group:/x:*",
        "secretsmanager:secret:covid/x",
    )

    def stale(call):
        if call.operation == "GetResources":
            arns = [f"arn:aws:{each.replace(':', f':{REGION}:{ACCOUNT}:', 1)}" for each in gone]
            raise Instead({"ResourceTagMappingList": [{"ResourceARN": arn} for arn in arns]})

    aws.strict.faults.append(stale)
    assert sweep(stack, cloud).clean


def test_what_goes_while_it_is_looked_at_is_not_left(aws, covid):
    stack, cloud = covid
    leftovers.role(cloud, f"covid-host-role-{REGION}", tag("covid"))

    def gone(call):
        if call.operation == "GetRole":
            raise Refusal("NoSuchEntity", "The role cannot be found.", 404)

    aws.strict.faults.append(gone)
    assert sweep(stack, cloud).clean


def test_what_shows_no_tags_on_its_way_is_known_by_its_name(aws, covid):
    """ElastiCache shows none of a cache that is being made."""
    stack, cloud = covid
    aws.strict.seconds["cache", "creating"] = 600
    leftovers.cache(cloud, "covid-cache", tag("covid"))
    aws.strict.faults.append(deny("GetResources"))  # else the tagging API says it
    swept = sweep(stack, cloud)
    assert [(each.id, each.found_by) for each in swept.leftovers] == [("covid-cache", "name")]


def test_a_standing_databases_own_backups_are_a_part_of_it(aws, covid):
    stack, cloud = covid
    leftovers.database(cloud, "covid-database", [])
    aws.clock.pause(3600)
    assert [each.kind for each in sweep(stack, cloud).leftovers] == ["database"]


def test_a_secret_that_is_to_be_deleted_is_not_left(covid):
    """It costs nothing, and goes by itself."""
    stack, cloud = covid
    leftovers.secret(cloud, "covid/secret", tag("covid"))
    assert not sweep(stack, cloud).clean
    cloud.secretsmanager.delete_secret(SecretId="covid/secret", RecoveryWindowInDays=7)
    assert sweep(stack, cloud).clean


def test_a_lock_is_not_left_unless_it_is_older_than_a_lock_lives(covid, monkeypatch):
    stack, cloud = covid
    with lock(cloud):
        assert sweep(stack, cloud).clean
        monkeypatch.setattr(services, "LIFE", timedelta(0))
        assert [each.id for each in sweep(stack, cloud).leftovers] == ["/covid/lock"]


def test_what_is_on_its_way_out_is_waited_for(aws, covid):
    stack, cloud = covid
    leftovers.database(cloud, "covid-database", [])
    aws.clock.pause(3600)
    aws.strict.seconds["database", "deleting"] = LEAVING_SECONDS / 2
    cloud.rds.delete_db_instance(DBInstanceIdentifier="covid-database", SkipFinalSnapshot=True)
    told = []
    assert sweep(stack, cloud, told.append).clean
    assert [[each.id for each in leaving] for leaving in told] == [["covid-database"]]


def test_but_not_for_ever(aws, covid):
    stack, cloud = covid
    leftovers.database(cloud, "covid-database", [])
    aws.clock.pause(3600)
    aws.strict.seconds["database", "deleting"] = 10 * LEAVING_SECONDS
    begun = aws.clock()
    cloud.rds.delete_db_instance(DBInstanceIdentifier="covid-database", SkipFinalSnapshot=True)
    (left,) = sweep(stack, cloud).leftovers
    assert left.leaving
    assert LEAVING_SECONDS <= aws.clock() - begun < 2 * LEAVING_SECONDS


@pytest.mark.parametrize("kind", ["load balancer", "volume", "bucket", TAGGING])
def test_what_may_not_be_looked_at_is_told_and_the_rest_is_looked_at(aws, covid, kind):
    operations = {each.name: each.operation for each in KINDS} | {TAGGING: "get_resources"}
    stack, cloud = covid
    secret = leftovers.secret(cloud, "covid/secret", [])
    operation = operations[kind].title().replace("_", "")
    aws.strict.faults.append(deny(operation, "AccessDenied", f"not allowed: {operation}"))
    found = sweep(stack, cloud)
    assert found.unseen == {kind: f"AccessDenied: not allowed: {operation}"}
    assert not found.clean
    assert [each.id for each in found.leftovers] == [secret]


def test_who_may_look_at_nothing_is_told_of_every_kind(aws, covid):
    stack, cloud = covid

    def nothing(call):
        raise Refusal("AccessDenied", "not allowed", 403)

    aws.strict.faults.append(nothing)
    found = sweep(stack, cloud)
    assert found.unseen.keys() == {kind.name for kind in KINDS} | {TAGGING}
    assert found.leftovers == []
