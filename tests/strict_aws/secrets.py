"""Secrets Manager's and S3's rules: names that stay reserved, buckets that are not empty."""

from __future__ import annotations

from typing import Any

from tests.strict_aws.layer import Call, Refusal, answers, refuses

SECRETS = "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html"
BUCKETS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/delete-bucket.html"


@answers("secrets-manager.DeleteSecret", source=SECRETS)
def a_deleted_name_is_reserved(call: Call, answer: dict[str, Any]) -> None:
    """Even one that was deleted without recovery, for some seconds."""
    seconds = call.aws.takes("secret", "deleting")
    call.aws.lives.pass_through("secret", answer["Name"], "deleting", seconds, None)


@refuses("secrets-manager.CreateSecret", source=SECRETS)
def a_reserved_name_is_not_given(call: Call) -> None:
    """Until then nothing new has that name."""
    if call.aws.lives.on_its_way("secret", call.arguments["Name"]):
        message = (
            "You can't create this secret because a secret with this name is already scheduled for deletion."
        )
        raise Refusal("InvalidRequestException", message)


@answers("s3.DeleteBucket", source=BUCKETS)
def a_bucket_leaves_slowly(call: Call, answer: dict[str, Any]) -> None:
    """Its name is free again only some time later."""
    seconds = call.aws.takes("bucket", "deleting")
    call.aws.lives.pass_through("bucket", call.arguments["Bucket"], "deleting", seconds, None)


@refuses("s3.CreateBucket", source=BUCKETS)
def a_bucket_that_leaves_is_in_the_way(call: Call) -> None:
    """Until then a new one of that name is refused."""
    if call.aws.lives.on_its_way("bucket", call.arguments["Bucket"]):
        message = "A conflicting conditional operation is currently in progress against this resource."
        raise Refusal("OperationAborted", message, 409)
