"""The web host: one EC2 instance that turns itself into the site by its boot script.

The script is its user data, and Run Command runs it again where it differs: with a new release, with other
settings, or with other steps.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from provisioner import run_command
from provisioner.aws import Cloud, unless
from provisioner.errors import CannotChange, Failed
from provisioner.model import Change, Condition, Found, Refs, Resource
from provisioner.resources.identity import InstanceProfile
from provisioner.resources.network import RouteTable, Subnet
from provisioner.resources.secrets import Settings
from provisioner.resources.security import SecurityGroup
from provisioner.resources.tagged import TAGS, Tagged, only

BOOT_TAG = "provisioner:boot"
"""The hash of the boot script that an instance ran last, with success or at its launch."""

RELEASE_TAG = "provisioner:release"
"""The release that the script brought: the first digits of the archive's SHA-256."""

SETTINGS_TAG = "provisioner:settings"
"""The hash of the settings that it read."""

PORT_TAG = "provisioner:port"
"""The site's port, so that whoever finds the host knows its address."""

ADMIN_PORT_TAG = "provisioner:admin-port"
"""The admin's port on the host's loopback, for whoever leads a port-forward there."""

IMAGE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{architecture}"
"""Public parameters: https://docs.aws.amazon.com/linux/al2023/ug/ec2.html"""

RELEASE_DIGITS = 12

DISK = 16
"""GiB."""

BOOT_SECONDS = 1200
"""How long the script may take: it compiles, and may load the data set."""

TAIL = 30
"""Lines of what the script wrote that are shown when it fails."""

METADATA = {"HttpEndpoint": "enabled", "HttpTokens": "required", "HttpPutResponseHopLimit": 1}
"""IMDSv2 only, and not beyond the host itself."""

CONDITIONS = {
    "pending": Condition.PENDING,
    "stopping": Condition.PENDING,
    "shutting-down": Condition.GOING,
    "terminated": Condition.GOING,
    "stopped": Condition.BROKEN,
}


@dataclass(frozen=True)
class Host(Tagged):
    """An instance of Amazon Linux 2023 with a public address, IMDSv2 only, and no way in but its port.

    Launched anew when its type should be another.
    """

    subnet: Subnet
    routes: RouteTable
    group: SecurityGroup
    profile: InstanceProfile
    instance_type: str
    port: int
    admin_port: int
    settings: Settings
    release: str
    user_data: str
    after: tuple[Resource, ...] = ()
    """What its boot needs, so that it does not wait for it at full price."""
    kind: ClassVar[str] = "host"
    create_seconds: ClassVar[float] = 600
    delete_seconds: ClassVar[float] = 900

    def find(self, cloud: Cloud) -> Found | None:
        alive = [each for each in self._all(cloud) if each["State"]["Name"] != "terminated"]
        staying = [each for each in alive if each["State"]["Name"] != "shutting-down"]
        instance = only(self, staying, "InstanceId") if staying else next(iter(alive), None)
        if instance is None:
            return None
        tags = {tag["Key"]: tag["Value"] for tag in instance.get("Tags", [])}
        state = instance["State"]["Name"]
        condition = CONDITIONS.get(state, Condition.READY)
        facts: dict[str, Any] = {
            "type": instance["InstanceType"],
            "boot": tags.get(BOOT_TAG),
            "release": tags.get(RELEASE_TAG),
            "settings": tags.get(SETTINGS_TAG),
            "subnet": instance.get("SubnetId"),
            "profile": instance.get("IamInstanceProfile", {}).get("Arn"),
            "groups": sorted(group["GroupId"] for group in instance.get("SecurityGroups", [])),
            "metadata tokens": instance.get("MetadataOptions", {}).get("HttpTokens"),
            "admin port": int(tags.get(ADMIN_PORT_TAG, self.admin_port)),
            TAGS: instance.get("Tags", []),
        }
        if ip := instance.get("PublicIpAddress"):
            facts |= {"ip": ip, "url": f"http://{ip}:{tags.get(PORT_TAG, self.port)}"}
        elif condition is Condition.READY:
            condition = Condition.PENDING
        return Found(instance["InstanceId"], facts, state, condition)

    def drift(self, cloud: Cloud, found: Found, refs: Refs) -> list[Change]:
        if found.facts["subnet"] != refs.id(self.subnet):
            raise CannotChange(self.name, "its subnet", found.facts["subnet"], refs.id(self.subnet))
        booted = self._booted(refs)
        wanted = {
            "type": self.instance_type,
            "release": booted[RELEASE_TAG],
            "settings": booted[SETTINGS_TAG],
            # An instance that was launched right after its profile was made may lack it.
            "profile": refs[self.profile].facts["arn"],
            "groups": [refs.id(self.group)],
            "metadata tokens": "required",
        }
        if found.facts["release"] == wanted["release"]:  # else another script is no news
            wanted["boot"] = booted[BOOT_TAG]
        return [
            Change(key, found.facts[key], value) for key, value in wanted.items() if found.facts[key] != value
        ]

    def create(self, cloud: Cloud, refs: Refs) -> None:
        dead = sum(each["State"]["Name"] in ("terminated", "shutting-down") for each in self._all(cloud))
        tags = [*cloud.tag_list(self.name), *_tag_list(self._booted(refs))]
        cloud.ec2.run_instances(
            ImageId=self._image(cloud),
            InstanceType=self.instance_type,
            MinCount=1,
            MaxCount=1,
            SubnetId=refs.id(self.subnet),
            SecurityGroupIds=[refs.id(self.group)],
            IamInstanceProfile={"Name": refs.id(self.profile)},
            UserData=self.user_data,
            MetadataOptions=METADATA,
            BlockDeviceMappings=[
                {
                    "DeviceName": "/dev/xvda",
                    "Ebs": {
                        "VolumeType": "gp3",
                        "VolumeSize": DISK,
                        "Encrypted": True,
                        "DeleteOnTermination": True,
                    },
                }
            ],
            # A token answers with its instance for an hour, even one that has been terminated since.
            ClientToken=cloud.token(self.name, refs.id(self.subnet.vpc), dead),
            TagSpecifications=[
                {"ResourceType": "instance", "Tags": tags},
                *cloud.tag_specifications(self.name, "volume", "network-interface"),
            ],
        )

    def repair(self, cloud: Cloud, found: Found, refs: Refs, changes: list[Change]) -> None:
        what = {change.what for change in changes}
        if "type" in what:
            self.delete(cloud, found)
            self.create(cloud, refs)
            return
        if "profile" in what:
            self._carry(cloud, found, refs.id(self.profile))
        if "groups" in what:
            cloud.ec2.modify_instance_attribute(InstanceId=found.id, Groups=[refs.id(self.group)])
        if "metadata tokens" in what:
            cloud.ec2.modify_instance_metadata_options(InstanceId=found.id, **METADATA)
        if what & {"release", "settings", "boot"}:
            self._boot_again(cloud, found, refs)

    def _boot_again(self, cloud: Cloud, found: Found, refs: Refs) -> None:
        """Run the script there. Raises Failed with what it wrote last; the release before runs on then."""
        ran = run_command.run(self.user_data, self.name, found, cloud, BOOT_SECONDS)
        if not ran.ok:
            state = f"not brought to release {self.release[:RELEASE_DIGITS]}, Run Command says {ran.status}"
            raise Failed(self.name, found.id, state, f"the script wrote last:\n{ran.tail(TAIL)}")
        # Last: cut off before, the next run does it again.
        cloud.ec2.create_tags(Resources=[found.id], Tags=_tag_list(self._booted(refs)))

    def _carry(self, cloud: Cloud, found: Found, profile: str) -> None:
        """Give the running instance its profile, instead of the one that it has."""
        ours = [{"Name": "instance-id", "Values": [found.id]}]
        answer = cloud.ec2.describe_iam_instance_profile_associations(Filters=ours)
        associations = [a for a in answer["IamInstanceProfileAssociations"] if a["State"] != "disassociated"]
        if associations:
            cloud.ec2.replace_iam_instance_profile_association(
                AssociationId=associations[0]["AssociationId"], IamInstanceProfile={"Name": profile}
            )
        else:
            cloud.ec2.associate_iam_instance_profile(
                InstanceId=found.id, IamInstanceProfile={"Name": profile}
            )

    def delete(self, cloud: Cloud, found: Found) -> None:
        unless("InvalidInstanceID.NotFound", cloud.ec2.terminate_instances, InstanceIds=[found.id])

    def reason(self, cloud: Cloud, found: Found) -> str:
        if found.state == "stopped":
            return f"start it: aws ec2 start-instances --instance-ids {found.id} --region {cloud.region}"
        instances = [each for each in self._all(cloud) if each["InstanceId"] == found.id]
        return str(instances[0].get("StateReason", {}).get("Message", "")) if instances else ""

    def _booted(self, refs: Refs) -> dict[str, str]:
        """The tags that tell what the script has made of an instance."""
        return {
            BOOT_TAG: _digest(self.user_data),
            RELEASE_TAG: self.release[:RELEASE_DIGITS],
            SETTINGS_TAG: _digest(json.dumps(self.settings.wanted(refs), sort_keys=True)),
            PORT_TAG: str(self.port),
            ADMIN_PORT_TAG: str(self.admin_port),
        }

    def _image(self, cloud: Cloud) -> str:
        types = cloud.ec2.describe_instance_types(InstanceTypes=[self.instance_type])["InstanceTypes"]
        architecture = types[0]["ProcessorInfo"]["SupportedArchitectures"][-1]
        parameter = IMAGE.format(architecture=architecture)
        return str(cloud.ssm.get_parameter(Name=parameter)["Parameter"]["Value"])

    def _all(self, cloud: Cloud) -> list[Any]:
        filters = cloud.tag_filters(self.name)
        reservations = cloud.ec2.all("describe_instances", "Reservations", Filters=filters)
        return [instance for each in reservations for instance in each["Instances"]]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
