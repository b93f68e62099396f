"""Service Quotas: the quotas that a stack can run into, at AWS's default values."""

from typing import Any

from moto.servicequotas.exceptions import NoSuchResource
from moto.servicequotas.models import ServiceQuotasBackend

from local.gaps.graft import graft

DEFAULTS = {
    ("vpc", "L-F678F1CE"): 5.0,
    ("vpc", "L-A4707A72"): 5.0,
    ("ec2", "L-0263D0A3"): 5.0,
    ("ec2", "L-1216C47A"): 32.0,
    ("rds", "L-7B6409FD"): 40.0,
}


def fill() -> None:
    """Know more than the quotas of VPCs."""
    graft(ServiceQuotasBackend, _Backend)


class _Backend:
    def get_service_quota(self: Any, service_code: str, quota_code: str) -> dict[str, Any]:
        """One quota by its code."""
        if (service_code, quota_code) not in DEFAULTS:
            raise NoSuchResource
        value = DEFAULTS[service_code, quota_code]
        return {"ServiceCode": service_code, "QuotaCode": quota_code, "Value": value}
