"""Uploads to a bucket that has one key: what a request names, and whether the bucket's policy lets it through.

The keys of a request are those that the service authorization reference of S3 has for PutObject; a header that is not
sent is absent (S3 user guide, "Bucket policy examples using condition keys"). S3 documents that a request without any
gets the bucket's default, and one that names `aws:kms` alone the account's key aws/s3 (API reference, PutObject).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deploy.local.iam import Policies, Request, decide, read, role_session

ALGORITHM = "s3:x-amz-server-side-encryption"
KEY = "s3:x-amz-server-side-encryption-aws-kms-key-id"
OF_CALLER = "s3:x-amz-server-side-encryption-customer-algorithm"
ACCOUNT, REGION = "123456789012", "eu-central-1"
OTHER = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/00000000-0000-4000-8000-00000000beef"
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


def let_through(policy: Mapping[str, Any], bucket: str, key: str, alias: str) -> set[str]:
    """Return the names of the uploads that the policy of a bucket lets through, from a role that may do everything."""
    kms = {ALGORITHM: "aws:kms"}
    uploads: dict[str, dict[str, str]] = {
        "nothing named": {},
        "the key by its ARN": kms | {KEY: key},
        "the key by its alias": kms | {KEY: alias},
        "the key by the ARN of its alias": kms | {KEY: f"arn:aws:kms:{REGION}:{ACCOUNT}:{alias}"},
        "the keys of S3": {ALGORITHM: "AES256"},
        "the key of AWS for S3": kms,
        "another key": kms | {KEY: OTHER},
        "another key's alias": kms | {KEY: f"{alias}-2"},
        "two layers": {ALGORITHM: "aws:kms:dsse", KEY: key},
        "a key of the caller": {OF_CALLER: "AES256"},
    }
    caller = role_session(f"arn:aws:iam::{ACCOUNT}:role/reconciler")
    policies = Policies(identity=[read(EVERYTHING)], resource=read(policy))
    return {
        name
        for name, headers in uploads.items()
        if decide(
            Request(
                "s3:PutObject", f"arn:aws:s3:::{bucket}/develop/x", caller, {"aws:SecureTransport": "true", **headers}
            ),
            policies,
        ).allowed
    }


OWN_KEY_ONLY = {
    "nothing named",
    "the key by its ARN",
    "the key by its alias",
    "the key by the ARN of its alias",
}
