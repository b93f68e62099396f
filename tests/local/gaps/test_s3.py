"""S3 answers as AWS does."""

from collections.abc import Callable
from typing import Any

TAGS = [{"Key": "provisioner:stack", "Value": "demo"}]


def test_bucket_is_tagged_from_its_first_moment(client: Callable[[str], Any]) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="demo", CreateBucketConfiguration={"Tags": TAGS})
    assert s3.get_bucket_tagging(Bucket="demo")["TagSet"] == TAGS
