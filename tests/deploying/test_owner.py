"""Every call to S3 specifies the owner of the bucket, because another account can own a bucket name that was free."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from deploying.local_aws import ROOT, SAMPLE, Aws
from deploying.proxy import Proxy, serving

ACCOUNT, OTHER_ACCOUNT = "000000000000", "999988887777"
REFUSAL = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


class S3(Proxy):
    """Rejects calls that expect another owner, as S3 does, and records the calls that expect no owner."""

    def __init__(self, upstream: str, owner: str) -> None:
        super().__init__(upstream)
        self.owner = owner
        self.owned: list[str] = []
        self.unowned: list[str] = []

    def answer(
        self, fault: str | None, call: str, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes] | None:
        parts = urlsplit(path)
        creates = method == "PUT" and not parts.query and "/" not in parts.path.strip("/")
        if parts.path != "/" and not creates:
            expected = {key.lower(): value for key, value in headers.items()}.get("x-amz-expected-bucket-owner")
            (self.owned if expected else self.unowned).append(call)
            if expected not in (None, self.owner):
                return 403, [("Content-Type", "application/xml")], REFUSAL
        return super().answer(fault, call, method, path, headers, body)


def test_every_call_specifies_the_owner(aws: Aws, name: str, tmp_path: Path) -> None:
    """Each call to S3 specifies the owner when a template is staged and when a bucket is emptied and deleted."""
    long = tmp_path / "long.yaml"
    long.write_text(SAMPLE.read_text() + "  Filler: {Value: " + "x" * 60_000 + "}\n")
    link = [sys.executable, str(ROOT / "scripts" / "publish.py"), "link", "--template", str(long), "--stack", name]
    with serving(S3(aws.url, ACCOUNT)) as s3:
        done = aws.run("deploy", name, "--yes", "--create-staging-bucket", template=long, AWS_ENDPOINT_URL=s3.url)
        assert done.returncode == 0, done.stderr
        lasting = f"{name.lower()}-templates"  # a link rejects a bucket whose objects expire
        aws.client("s3").create_bucket(Bucket=lasting)
        options = ["--staging-bucket", lasting]
        environment = {**aws.environment, "AWS_ENDPOINT_URL": s3.url}
        linked = subprocess.run([*link, *options], env=environment, capture_output=True, check=False)
        assert linked.returncode == 0, linked.stderr
        done = aws.run("destroy", name, "--confirm", name, "--delete-data", AWS_ENDPOINT_URL=s3.url)
        assert done.returncode == 0, done.stderr
    assert s3.unowned == []
    assert {call.split()[0] for call in s3.owned} == {"HEAD", "PUT", "GET", "POST", "DELETE"}


def test_bucket_of_another_account_is_not_changed(aws: Aws, name: str) -> None:
    """If another account owns the name of a bucket that a stack retained, nothing in the bucket is deleted."""
    bucket = aws.deployed(name)["BucketName"]
    aws.run("destroy", name, "--confirm", name)
    with serving(S3(aws.url, OTHER_ACCOUNT)) as s3:
        done = aws.run("destroy", name, "--confirm", name, "--delete-data", AWS_ENDPOINT_URL=s3.url)
    assert done.returncode == 1
    assert "HeadBucket is not allowed" in done.stderr
    assert aws.client("s3").list_objects_v2(Bucket=bucket)["KeyCount"] > 0
