"""A private bucket, and what a host fetches from it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from provisioner.aws import Cloud, unless
from provisioner.errors import NotOurs
from provisioner.model import Change, Found, Refs, Resource
from provisioner.resources.tagged import TAGS, Tagged

PRIVATE = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


@dataclass(frozen=True)
class Bucket(Tagged):
    """A bucket that nobody outside the account can read. What is in it goes with it."""

    kind: ClassVar[str] = "bucket"

    def id(self, cloud: Cloud) -> str:
        # Bucket names are shared by all accounts of the world.
        return f"{cloud.stack}-{cloud.account}-{cloud.region}"

    def find(self, cloud: Cloud) -> Found | None:
        bucket = self.id(cloud)

        def tags() -> list[dict[str, str]]:
            answer = unless("NoSuchTagSet", cloud.s3.get_bucket_tagging, Bucket=bucket)
            return answer["TagSet"] if answer else []

        given = unless("NoSuchBucket", tags)
        if given is None:
            return None
        # A bucket of ours has its tags from its first moment on.
        if not cloud.owns(given):
            raise NotOurs(self.name, bucket, cloud.stack)
        return Found(bucket, {"arn": f"arn:{cloud.partition}:s3:::{bucket}", TAGS: given})

    def drift(self, cloud: Cloud, found: Found, refs: Refs) -> list[Change]:
        answer = unless(
            "NoSuchPublicAccessBlockConfiguration", cloud.s3.get_public_access_block, Bucket=found.id
        )
        now = answer and answer["PublicAccessBlockConfiguration"]
        return [] if now == PRIVATE else [Change("public access", "possible", "blocked")]

    def create(self, cloud: Cloud, refs: Refs) -> None:
        configuration: dict[str, Any] = {"Tags": cloud.tag_list(self.name)}
        if cloud.region != "us-east-1":  # S3's oldest region must not be named
            configuration["LocationConstraint"] = cloud.region
        unless(
            "BucketAlreadyOwnedByYou",
            cloud.s3.create_bucket,
            Bucket=self.id(cloud),
            CreateBucketConfiguration=configuration,
        )

    def repair(self, cloud: Cloud, found: Found, refs: Refs, changes: list[Change]) -> None:
        cloud.s3.put_public_access_block(Bucket=found.id, PublicAccessBlockConfiguration=PRIVATE)

    def tag(self, cloud: Cloud, found: Found) -> None:
        # This call replaces all of a bucket's tags.
        ours = cloud.tag_list(self.name)
        theirs = [tag for tag in found.facts[TAGS] if tag["Key"] not in cloud.tags(self.name)]
        cloud.s3.put_bucket_tagging(Bucket=found.id, Tagging={"TagSet": theirs + ours})

    def delete(self, cloud: Cloud, found: Found) -> None:
        for kind in ("Versions", "DeleteMarkers"):
            listed = unless(
                "NoSuchBucket", cloud.s3.all, operation="list_object_versions", key=kind, Bucket=found.id
            )
            versions = listed or []
            for first in range(0, len(versions), 1000):  # the most that one call takes
                objects = [
                    {"Key": each["Key"], "VersionId": each["VersionId"]}
                    for each in versions[first : first + 1000]
                ]
                cloud.s3.delete_objects(Bucket=found.id, Delete={"Objects": objects, "Quiet": True})
        unless("NoSuchBucket", cloud.s3.delete_bucket, Bucket=found.id)


@dataclass(frozen=True)
class Upload(Resource):
    """One object, named by its content: <prefix>/<SHA-256><suffix>."""

    bucket: Bucket
    prefix: str
    suffix: str
    content: bytes | Path
    kind: ClassVar[str] = "object"

    def sha256(self) -> str:
        if isinstance(self.content, bytes):
            return hashlib.sha256(self.content).hexdigest()
        with self.content.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def key(self) -> str:
        return f"{self.prefix}/{self.sha256()}{self.suffix}"

    def find(self, cloud: Cloud) -> Found | None:
        where = {"Bucket": self.bucket.id(cloud), "Key": self.key()}
        answer = unless(("404", "NoSuchKey", "NoSuchBucket"), cloud.s3.head_object, **where)
        return answer and Found(where["Key"], {"url": f"s3://{where['Bucket']}/{where['Key']}"})

    def create(self, cloud: Cloud, refs: Refs) -> None:
        where = {"Bucket": refs.id(self.bucket), "Key": self.key()}
        if isinstance(self.content, bytes):
            cloud.s3.put_object(Body=self.content, **where)
        else:
            with self.content.open("rb") as file:
                cloud.s3.put_object(Body=file, **where)

    def delete(self, cloud: Cloud, found: Found) -> None:
        where = {"Bucket": self.bucket.id(cloud), "Key": found.id}
        unless("NoSuchBucket", cloud.s3.delete_object, **where)
