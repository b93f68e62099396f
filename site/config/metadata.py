"""The instance's public address, asked of EC2 at each start: a stopped instance comes back with another one.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
"""

import http.client
import os
import urllib.error
import urllib.request

from django.core.exceptions import ImproperlyConfigured

SECONDS = 5
TOKEN_SECONDS = "60"


def public_addresses(name: str) -> list[str]:
    """The address, if the variable says where the metadata service is and the instance has one.

    Raises ImproperlyConfigured if the service doesn't answer.
    """
    service = os.environ.get(name)
    if not service:
        return []
    try:
        token = _ask(
            "PUT", f"{service}/latest/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": TOKEN_SECONDS}
        )
        return [_ask("GET", f"{service}/latest/meta-data/public-ipv4", {"X-aws-ec2-metadata-token": token})]
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 404:  # an instance without a public address
                return []
        raise ImproperlyConfigured(f"{name}: {service} answers {error.code}") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise ImproperlyConfigured(f"{name}: {service} does not answer: {error}") from error


def _ask(method: str, url: str, headers: dict[str, str]) -> str:
    request = urllib.request.Request(url, method=method, headers=headers)
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:
        return str(answer.read().decode("ascii"))
