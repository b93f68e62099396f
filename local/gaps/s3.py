"""S3: the tags that CreateBucket gives a bucket from its first moment on."""

from typing import Any

import xmltodict
from moto.s3.responses import S3Response

from local.gaps.graft import graft

_put = S3Response._bucket_response_put


def fill() -> None:
    """Let CreateBucketConfiguration hold tags."""
    graft(S3Response, _Response)


class _Response:
    def _bucket_response_put(self: Any, request: Any, bucket_name: str, querystring: dict[str, Any]) -> Any:
        """Any PUT on a bucket; a body that creates it may hold its tags."""
        answer = _put(self, request, bucket_name, querystring)
        if b"<CreateBucketConfiguration" in self.body:
            document = xmltodict.parse(self.body, force_list=("Tag",))
            tags = (document["CreateBucketConfiguration"].get("Tags") or {}).get("Tag", [])
            self.backend.put_bucket_tagging(bucket_name, {tag["Key"]: tag["Value"] for tag in tags})
        return answer
