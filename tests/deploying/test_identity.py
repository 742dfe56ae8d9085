"""The profile, the Region and the role with which the script calls AWS."""

from __future__ import annotations

from pathlib import Path

from deploying.local_aws import Aws
from deploying.proxy import proxied


def test_profile_replaces_the_environment(aws: Aws, name: str, tmp_path: Path) -> None:
    """The keys and the Region of a profile replace those of the environment."""
    (tmp_path / "config").write_text("[profile team]\nregion = eu-west-3\n")
    (tmp_path / "keys").write_text("[team]\naws_access_key_id = 111122223333\naws_secret_access_key = secret\n")
    with proxied(aws.url) as proxy:
        done = aws.run(
            *("status", name, "--profile", "team", "--endpoint-url", proxy.url),
            AWS_DEFAULT_REGION=None,
            AWS_CONFIG_FILE=str(tmp_path / "config"),
            AWS_SHARED_CREDENTIALS_FILE=str(tmp_path / "keys"),
        )
    assert f"Stack {name} does not exist in eu-west-3" in done.stderr
    assert set(proxy.signers) == {"111122223333"}


def test_order_of_the_sources_of_the_region(aws: Aws, name: str) -> None:
    """AWS_REGION has the same priority as in the AWS CLI: before AWS_DEFAULT_REGION, after --region."""
    done = aws.run("status", name, AWS_REGION="eu-west-3")
    assert f"Stack {name} does not exist in eu-west-3" in done.stderr
    done = aws.run("status", name, "--region", "eu-west-1", AWS_REGION="eu-west-3")
    assert f"Stack {name} does not exist in eu-west-1" in done.stderr


def test_empty_region_is_rejected(aws: Aws, name: str) -> None:
    """An empty Region is a usage error."""
    done = aws.run("status", name, AWS_DEFAULT_REGION="")
    assert (done.returncode, "No Region is set" in done.stderr) == (2, True), done.stderr


def test_unknown_profile_is_rejected(aws: Aws, name: str) -> None:
    """A profile that does not exist is reported before any call."""
    with proxied(aws.url) as proxy:
        done = aws.run("status", name, "--profile", "nobody", "--endpoint-url", proxy.url)
    assert (done.returncode, proxy.calls) == (2, [])
    assert "nobody" in done.stderr


def test_calls_use_the_assumed_role(aws: Aws, name: str) -> None:
    """With --assume-role, AssumeRole is signed with the key of the user, and the other calls with that of the role."""
    role = aws.role(name)
    with proxied(aws.url) as proxy:
        done = aws.run("plan", name, "--assume-role", role, "--endpoint-url", proxy.url)
    assert done.returncode == 0, done.stderr
    assert proxy.calls[0] == "AssumeRole"
    own, *assumed = proxy.signers
    assert own not in assumed
    assert len(set(assumed)) == 1
