"""EC2: a repeated launch is one launch, tags find NAT gateways, and interfaces go with their owners."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.amis import Ami
from moto.ec2.models.instances import Instance
from moto.ec2.responses.instances import InstanceResponse
from moto.utilities.utils import load_resource

from local.gaps.graft import graft

_run_instances: Any = InstanceResponse.run_instances
_prep_nics: Any = Instance.prep_nics
_describe_nat_gateways: Any = EC2Backend.describe_nat_gateways
_delete_nat_gateway: Any = EC2Backend.delete_nat_gateway


class NatGatewayNotFound(EC2ClientError):
    def __init__(self, nat_gateway_id: str) -> None:
        super().__init__("NatGatewayNotFound", f"The Nat Gateway {nat_gateway_id} was not found")


def fill() -> None:
    """Honour client tokens and tag filters, and leave no network interface behind."""
    graft(InstanceResponse, _Responses)
    graft(Instance, _Instance)
    graft(EC2Backend, _Backend)


class _Responses:
    def run_instances(self: Any) -> Any:
        """Answer a token that was seen before with its own instances, dead or alive, as AWS does."""
        if token := self._get_param("ClientToken"):
            for reservation in list(self.ec2_backend.reservations.values()):
                if reservation.instances and reservation.instances[0].client_token == token:
                    return ActionResult(reservation)
        return _run_instances(self)


class _Instance:
    def prep_nics(self: Any, nic_spec: list[dict[str, Any]], **kwargs: Any) -> None:
        """Make the interfaces; those that the launch itself makes end with the instance."""
        nics = [{"DeleteOnTermination": True, **nic} for nic in nic_spec or [{"DeviceIndex": 0}]]
        _prep_nics(self, nics, **kwargs)


class _Backend:
    def _load_amis(self: Any) -> None:
        """Those images that public parameters name; all the thousand others take seconds to make."""
        for image in load_resource(f"ec2/resources/latest_amis/{self.region_name}.json"):
            self.amis[image["ami_id"]] = Ami(self, owner_alias="amazon", **image)

    def describe_nat_gateways(self: Any, filters: Any, nat_gateway_ids: list[str] | None) -> list[Any]:
        """The gateways that match every filter, tags among them; an unknown id is an error."""
        for nat_gateway_id in nat_gateway_ids or []:
            if nat_gateway_id not in self.nat_gateways:
                raise NatGatewayNotFound(nat_gateway_id)
        tags = {
            name[len("tag:") :]: values for name, values in (filters or {}).items() if name.startswith("tag:")
        }
        return [
            gateway
            for gateway in _describe_nat_gateways(self, filters, nat_gateway_ids)
            if all(_tags(gateway).get(key) in values for key, values in tags.items())
        ]

    def delete_nat_gateway(self: Any, nat_gateway_id: str) -> Any:
        """Delete the gateway with its interface, which frees its address."""
        (gateway,) = self.describe_nat_gateways(None, [nat_gateway_id])
        if gateway.state != "deleted":
            _delete_nat_gateway(self, nat_gateway_id)
            for address in gateway.address_set:
                if association := address.get("associationId"):
                    self.disassociate_address(association_id=association)
            gateway._eni.delete()
        return gateway


def _tags(resource: Any) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in resource.get_tags()}
