"""Plans of templates with parts that only AWS can check, because they need a transform."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploying.local_aws import Aws
from deploying.results import check_result

LOOP = """
Transform: AWS::LanguageExtensions
Resources:
  Fn::ForEach::Topics:
    - Name
    - [a, b]
    - Topic${Name}: {Type: AWS::SNS::Topic}
  Queue: {Type: AWS::SQS::Queue}
"""


PLAIN = """
Resources:
  Queue: {Type: AWS::SQS::Queue}
"""


@pytest.mark.parametrize(("text", "parts"), [(LOOP, ["Resources.Fn::ForEach::Topics"]), (PLAIN, [])])
def test_plan_names_the_parts_that_need_a_transform(
    aws: Aws, name: str, tmp_path: Path, text: str, parts: list[str]
) -> None:
    """The plan is not an error. It names the parts that only AWS checks, and JSON contains them."""
    template = tmp_path / "template.yaml"
    template.write_text(text)
    done = aws.run("plan", name, "--json", template=template)
    assert done.returncode == 0, done.stderr
    plan = check_result("plan", done.stdout)
    assert (plan["evaluated"], plan["not_evaluated"]) == (not parts, parts)
    shown = " ".join(aws.run("plan", name, template=template).stdout.split())
    assert ("not evaluated: needs a transform" in shown) is bool(parts)
