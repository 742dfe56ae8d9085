"""The policy check: lines and parameter values of findings, rules of a user, and the cache."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import smtemplates
from smtemplates.errors import Error, UsageError
from smtemplates.evaluate import Stack
from smtemplates.evaluate.values import intrinsic
from smtemplates.linting import cache as linter_cache
from smtemplates.policy import NOT_EVALUATED
from smtemplates.policy.places import Places
from smtemplates.synth.loader import load

ROOT = Path(__file__).parent.parent.parent

NOTEBOOK = """\
Parameters:
  Make: {Type: String, Default: 'false', AllowedValues: ['true', 'false']}
  Key: {Type: String, Default: ''}
  Plain: {Type: String, Default: 'no'}
Conditions:
  Make: !Equals [!Ref Make, 'true']
  HasKey: !Not [!Equals [!Ref Key, '']]
  Plain: !Equals [!Ref Plain, 'yes']
Resources:
  Notebook:
    Type: AWS::SageMaker::NotebookInstance
    Condition: Make
    Properties:
      DirectInternetAccess: Disabled
      InstanceMetadataServiceConfiguration: {MinimumInstanceMetadataServiceVersion: '2'}
      PlatformIdentifier: notebook-al2023-v1
      RootAccess: Disabled
      SubnetId: subnet-1
      KmsKeyId: !If
        - HasKey
        - Fn::If: [Plain, alias/aws/sagemaker, !Ref Key]
        - !Ref AWS::NoValue
"""
TOPIC = "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n"
STATEMENTS = """\
Parameters: {More: {Type: String, Default: 'no'}}
Conditions: {More: !Equals [!Ref More, 'yes']}
Resources:
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Statement:
          - !If [More, {Effect: Allow, Action: 's3:GetObject', Resource: 'arn:aws:s3:::x/*'}, !Ref AWS::NoValue]
          - {Effect: Allow, Action: 's3:ListBucket', Resource: 'arn:aws:s3:::x'}
          - Effect: Allow
            Action: ['sqs:SendMessage', 'sqs:*']
            Resource: 'arn:aws:sqs:us-east-1:111122223333:x'
"""
OWN = """\
rule TEAM_TAGS {
    Resources.* {
        Properties.Tags exists
        <<Tag it.>>
    }
}
"""


def _own(folder: Path, text: str = OWN) -> Path:
    file = folder / "own.guard"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_finding_has_a_line_and_parameter_values() -> None:
    """A finding of one combination has its line in the text, and the fewest parameter values that show it."""
    findings = smtemplates.judge(NOTEBOOK, name="n.yaml", cache=False)
    assert [(found.rule, found.line, found.given) for found in findings] == [
        ("SAGEMAKER_21", 13, (("Make", "true"),)),
        ("SAGEMAKER_21", 19, (("Make", "true"), ("Key", "sample"), ("Plain", "yes"))),
    ]
    assert findings[0].logical == ("Resources", "Notebook")
    assert str(findings[0]).startswith("n.yaml:13:5: SAGEMAKER_21 SageMaker.21: ")
    assert str(findings[0]).endswith(" [Make=true]")


def test_a_finding_has_no_unnecessary_parameter_values() -> None:
    """Values that only other resources need, alone or together, are not among the parameter values of a finding."""
    text = """
Parameters:
  Encrypt: {Type: String, Default: 'yes'}
  Vpc: {Type: String, Default: ''}
  Subnet: {Type: String, Default: ''}
Rules:
  Both:
    RuleCondition: !Not [!Equals [!Ref Vpc, '']]
    Assertions: [{Assert: !Not [!Equals [!Ref Subnet, '']]}]
  Either:
    RuleCondition: !Not [!Equals [!Ref Subnet, '']]
    Assertions: [{Assert: !Not [!Equals [!Ref Vpc, '']]}]
Conditions:
  Encrypt: !Equals [!Ref Encrypt, 'yes']
  InVpc: !Not [!Equals [!Ref Vpc, '']]
Resources:
  Group: {Type: AWS::EC2::SecurityGroup, Condition: InVpc, Properties: {GroupDescription: x}}
  Topic: {Type: AWS::SNS::Topic, Properties: {KmsMasterKeyId: !If [Encrypt, alias/x, !Ref AWS::NoValue]}}
"""
    (found,) = smtemplates.judge(text, cache=False)
    assert found.given == (("Encrypt", "sample"),)


def test_an_item_of_a_list_has_the_right_line() -> None:
    """Items that Fn::If removes from a list or adds to it do not shift the lines of later items."""
    (found,) = smtemplates.judge(STATEMENTS, cache=False)
    assert (found.rule, found.line, found.column, found.given) == ("IAM_21", 12, 41, ())


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_every_place_is_found_in_the_text(form: str) -> None:
    """Every key of the resolved workspace leads to a line that starts with that key, in YAML and in JSON."""
    text = smtemplates.render(smtemplates.build(), format=form)
    lines = text.replace("  ", "\t").splitlines() if form == "json" else text.splitlines()
    stack = Stack(load(text), {"CreateNotebook": "true", "CreateKmsKey": "true", "CreateMlflow": "true"})
    places = Places("\n".join(lines))
    for path in _paths(stack.template()["Resources"], ("Resources",)):
        line, column = places.of(path, stack.conditions)
        assert lines[line - 1][column - 1 :].startswith((path[-1], f'"{path[-1]}"', f"'{path[-1]}'")), path


def _paths(value: Any, path: tuple[str, ...]) -> list[tuple[str, ...]]:
    if isinstance(value, dict) and not intrinsic(value):
        return [below for key, member in value.items() for below in ((*path, key), *_paths(member, (*path, key)))]
    if isinstance(value, list):
        return [below for index, item in enumerate(value) for below in _paths(item, (*path, str(index)))]
    return []


TLS = """\
  {name}:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: {bucket}
      PolicyDocument:
        Statement:
          {{Effect: Deny, Principal: '*', Action: 's3:*', Condition: {{Bool: {{'aws:SecureTransport': 'false'}}}}}}
"""


REFERENCES = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {AWS: [!GetAtt Other.Arn, '111122223333']}, Action: 'sts:AssumeRole'}]
      Policies:
        - PolicyDocument: {Statement: [{Effect: Allow, Action: '*', Resource: [!GetAtt Topic.Arn, !Ref Topic]}]}
  Other: {Type: AWS::IAM::Role, Properties: {Policies: [], ManagedPolicyArns: [!Ref Policy]}}
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Statement: {Effect: Allow, Action: ['iam:PassRole', 'kms:Decrypt'], Resource: [!GetAtt Role.Arn, !Ref Key]}
  Key:
    Type: AWS::KMS::Key
    DeletionPolicy: Retain
    Properties:
      EnableKeyRotation: true
      KeyPolicy: {Statement: [{Effect: Allow, Principal: {AWS: !GetAtt Role.Arn}, Action: 'kms:*', Resource: '*'}]}
  Topic: {Type: AWS::SNS::Topic, Properties: {KmsMasterKeyId: !Ref Key}}
  TopicPolicy:
    Type: AWS::SNS::TopicPolicy
    Properties:
      PolicyDocument: {Statement: {Effect: Allow, Principal: {AWS: !GetAtt Role.Arn}, Action: x, Resource: x}}
  Permission: {Type: AWS::Lambda::Permission, Properties: {FunctionName: x, Principal: !GetAtt Role.Arn}}
  Group: {Type: AWS::EC2::SecurityGroup, Properties: {SecurityGroupIngress: [{SourceSecurityGroupId: !Ref Peers}]}}
"""


def test_values_that_only_aws_knows_are_no_finding() -> None:
    """References to resources, single statements and empty lists in place of texts and lists break no rule."""
    assert smtemplates.judge(REFERENCES, cache=False) == []


@pytest.mark.parametrize(
    ("buckets", "policies", "bare"),
    [
        ({"A": 1}, [], ["A"]),
        ({"Log": 1, "LogData": 2}, ["!Ref LogData"], ["Log"]),  # one ID is a part of the other
        ({"A": 1, "B": 2, "C": 3}, ["!Ref A", "!Ref C"], ["B"]),
        ({"A": 1, "B": 2, "C": 3}, ["!Ref A", "!Ref B", "!Ref C"], []),
        ({"A": 1, "B": 1}, ["!Ref B"], ["A"]),  # alike in all that they have
        ({"A": 1, "B": 1}, ["!Ref A", "!Ref B"], []),
        ({"A": "name", "B": 2}, ["name"], ["B"]),
        ({"A": "name", "B": 2}, ["name", "!Ref B"], []),
    ],
)
def test_each_bucket_needs_its_own_policy(buckets: dict[str, Any], policies: list[str], bare: list[str]) -> None:
    """S3.5 is checked for every bucket, whether its policy refers to it by logical ID or by name."""
    text = "Resources:\n" + "".join(
        f"  {name}: {{Type: AWS::S3::Bucket, Properties: {{BucketName: {value}}}}}\n" for name, value in buckets.items()
    )
    text += "".join(TLS.format(name=f"P{number}", bucket=bucket) for number, bucket in enumerate(policies))
    found = [finding.path[1] for finding in smtemplates.judge(text, cache=False) if finding.rule == "S3_5"]
    assert found == bare


def test_a_key_with_dots_is_found() -> None:
    """A key can contain the dots with which the validator separates keys."""
    places = Places("Resources:\n  R:\n    a.b:\n      c.d.e: 1\n")
    assert places.of(("Resources", "R", "a", "b", "c", "d", "e"), {}) == (4, 7)


def test_a_waiver_applies_to_its_rule_and_its_resource() -> None:
    """A rule that Metadata suppresses does not apply to that resource; all other rules do."""
    other = TOPIC.replace("Topic:", "Other:").partition("\n")[2]
    waived = f"{TOPIC}    Metadata: {{guard: {{SuppressedRules: [SNS_1]}}}}\n{other}"
    assert [found.path for found in smtemplates.judge(waived, cache=False)] == [("Resources", "Other")]


def test_a_resource_that_no_values_create_is_reported() -> None:
    """A resource whose condition no known value makes true is reported with a solution."""
    text = (
        "Parameters: {P: {Type: String, Default: x}}\nConditions: {C: !Equals [!Select [0, !Split [a, !Ref P]], q]}\n"
    )
    (found,) = smtemplates.judge(text + TOPIC.replace("Type", "Condition: C\n    Type"), cache=False)
    assert (found.rule, found.line, "make condition C true" in found.message) == (NOT_EVALUATED, 4, True)


def test_rules_of_a_user_apply_to_the_whole_resolved_template(tmp_path: Path) -> None:
    """Rules of a user apply to every resource, the outputs, and the parameters with their current values."""
    rules = """
rule TYPES { Resources.*[ Type == 'AWS::Logs::LogGroup' ] empty <<No log groups.>> }
rule OUTPUTS { Outputs.* { Value != 'x' <<Not x.>> } }
rule PARAMETERS { Parameters.Mode.Default != 'b' <<Not b.>> }
"""
    text = (
        "Parameters: {Mode: {Type: String, Default: a, AllowedValues: [a, b]}}\n"
        "Conditions: {B: !Equals [!Ref Mode, b]}\n"
        "Resources:\n  Group: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: !If [B, 1, 3]}}\n"
        "Outputs:\n  X: {Value: x}\n"
    )
    findings = smtemplates.judge(text, policies=[_own(tmp_path, rules)], cache=False)
    assert [(found.rule, found.line, found.given) for found in findings] == [
        ("PARAMETERS", 1, (("Mode", "b"),)),
        ("TYPES", 4, ()),
        ("OUTPUTS", 6, ()),
    ]


def test_a_filter_on_keys_finds_nothing_by_itself(tmp_path: Path) -> None:
    """A rule of a user that filters resources by name applies to these only, without findings about others."""
    own = _own(tmp_path, "rule NAMED {\n  Resources[ keys == 'Topic' ].Type == 'AWS::SQS::Queue' <<No queue.>>\n}\n")
    findings = smtemplates.judge(f"{TOPIC}  Other: {{Type: AWS::SQS::Queue}}\n", policies=[own], cache=False)
    assert [found.path[1] for found in findings if found.rule == "NAMED"] == ["Topic"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("rule X {\n  Resources.* %%%\n}\n", r"own\.guard:2:\d+: this is not valid CloudFormation Guard: '.* %%%'"),
        (
            "rule X {\n  Resources.* exists\n",
            r"own\.guard:3:1: this is not .*: the file ends too early",
        ),
        ("# nothing\n", r"own\.guard: this policy file contains no rule"),
        ("", r"own\.guard: this policy file contains no rule"),
        ("rule X { %nope exists }\n", r"own\.guard: Guard cannot evaluate a rule: .*nope"),
    ],
)
def test_an_invalid_policy_file_is_an_error(tmp_path: Path, text: str, sentence: str) -> None:
    """An error in a policy file is reported with the name of the file, and the line if it is known."""
    with pytest.raises(UsageError, match=sentence) as caught:
        smtemplates.judge(TOPIC, policies=[_own(tmp_path, text)], cache=False)
    assert "\n" not in str(caught.value)


def test_an_unreadable_policy_file_is_an_error(tmp_path: Path) -> None:
    """A missing file, or a file that is not text, is reported with its name."""
    (tmp_path / "binary.guard").write_bytes(b"\xff\xfe")
    for name, reason in (("none.guard", "No such file"), ("binary.guard", "not UTF-8")):
        with pytest.raises(UsageError, match=f"Cannot read .*{name}.*{reason}"):
            smtemplates.judge(TOPIC, policies=[tmp_path / name], cache=False)


JUNK = [
    None,
    True,
    1.5,
    "",
    [],
    {},
    ["a"],
    {"Ref": "Nope"},
    {"Ref": ["x"]},
    {"Fn::If": ["Nope", 1, 2]},
    {"Fn::If": "x"},
]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_template_is_checked_or_rejected(data: st.DataObject) -> None:
    """For any value in any place of a template, the result is findings or an error of one line."""
    broken = load(NOTEBOOK)
    place = broken[data.draw(st.sampled_from(["Parameters", "Conditions", "Resources"]))]
    while True:
        key = data.draw(st.sampled_from(range(len(place)) if isinstance(place, list) else sorted(place)))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(st.sampled_from(JUNK))
    sentence = ""
    try:
        smtemplates.judge(json.dumps(broken), cache=False)
    except Error as error:
        sentence = str(error)
    assert "\n" not in sentence


def test_the_cache_returns_every_finding(tmp_path: Path) -> None:
    """Findings from the cache equal the original findings, with the requested file name."""
    first = smtemplates.judge(NOTEBOOK, name="a.yaml", cache=tmp_path)
    again = smtemplates.judge(NOTEBOOK, name="b.yaml", cache=tmp_path)
    assert [replace(found, file="a.yaml") for found in again] == first
    assert len(list(tmp_path.iterdir())) == 1


def test_a_change_is_checked_again(tmp_path: Path) -> None:
    """A changed text or policy file is checked again, although findings are stored."""
    own, cache = _own(tmp_path), tmp_path / "cache"
    smtemplates.judge(TOPIC, policies=[own], cache=cache)
    (entry,) = cache.iterdir()
    linter_cache.write(entry, [])
    assert smtemplates.judge(TOPIC, policies=[own], cache=cache) == []
    assert smtemplates.judge(f"{TOPIC}\n", policies=[own], cache=cache) != []
    assert smtemplates.judge(TOPIC, cache=cache) != []
    own.write_text(OWN.replace("TEAM_TAGS", "TAGS"), encoding="utf-8")
    assert {found.rule for found in smtemplates.judge(TOPIC, policies=[own], cache=cache)} == {"SNS_1", "TAGS"}


def test_rules_of_a_user_can_apply_alone(tmp_path: Path) -> None:
    """Rules of a user can apply alone; stored findings of one kind of check are not used for the other."""
    own, cache = _own(tmp_path), tmp_path / "cache"
    for ours in (True, False, True):
        found = {one.rule for one in smtemplates.judge(TOPIC, policies=[own], ours=ours, cache=cache)}
        assert found == ({"SNS_1", "TEAM_TAGS"} if ours else {"TEAM_TAGS"})
    assert smtemplates.judge(TOPIC, ours=False, cache=cache) == []


def _python(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={"PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


LOADED = "print('cloudformation_validate' in sys.modules, 'yaml' in sys.modules)"


def test_a_stored_result_needs_no_validator(tmp_path: Path) -> None:
    """The findings of an unchanged template come from the cache directory, without the validator."""
    code = f"import sys, smtemplates; print(len(smtemplates.judge({TOPIC!r}))); {LOADED}"
    assert _python(code, XDG_CACHE_HOME=str(tmp_path)).stdout.split()[:2] == ["1", "True"]
    assert _python(code, XDG_CACHE_HOME=str(tmp_path)).stdout.split()[:2] == ["1", "False"]


def test_rendering_without_linting_does_not_load_the_validator(tmp_path: Path) -> None:
    """`render --no-lint` does not load the validator or the modules that use it."""
    code = (
        "import sys; from smtemplates.cli.main import main; main(['render', '--no-lint', '-o', sys.argv[1]]);"
        "print([name for name in sys.modules if name == 'cloudformation_validate' or name.startswith("
        "('smtemplates.policy.', 'smtemplates.evaluate'))])"
    )
    assert _python(code, str(tmp_path)).stdout.strip() == "[]"


BLOCKED = "import sys; sys.modules['cloudformation_validate'] = None; from smtemplates.cli.main import main; "
HINT = "policy check not possible: cloudformation-validate, which evaluates policy rules, is not installed: "


@pytest.mark.slow
def test_without_the_validator_cfn_lint_decides(tmp_path: Path) -> None:
    """Without cloudformation-validate, one line reports the skipped check and the solution; cfn-lint still decides."""
    (tmp_path / "t.yaml").write_text(TOPIC, encoding="utf-8")
    done = _python(f"{BLOCKED}sys.exit(main(['lint', sys.argv[1]]))", str(tmp_path / "t.yaml"), HOME=str(tmp_path))
    assert done.returncode == 0
    assert done.stdout == ""
    assert [line for line in done.stderr.splitlines() if HINT in line and "pip install 'smtemplates[policy]'" in line]
    names = "'network', 'launch-role'"
    done = _python(
        f"{BLOCKED}sys.exit(main(['render', {names}, '-o', *sys.argv[1:]]))", str(tmp_path), HOME=str(tmp_path)
    )
    assert (done.returncode, done.stderr.count(HINT), "no findings" in done.stderr) == (0, 1, True)


def test_a_named_policy_file_is_not_skipped(tmp_path: Path) -> None:
    """A policy file that cannot be applied is an error, so that a build does not continue without it."""
    (tmp_path / "t.yaml").write_text(TOPIC, encoding="utf-8")
    words = (str(tmp_path / "t.yaml"), "--policy", str(_own(tmp_path)))
    done = _python(f"{BLOCKED}sys.exit(main(['lint', *sys.argv[1:]]))", *words, HOME=str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert HINT in done.stderr


def _lint(folder: Path, text: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "t.yaml").write_text(text, encoding="utf-8")
    code = "import sys; from smtemplates.cli.main import main; sys.exit(main(['lint', *sys.argv[1:]]))"
    return _python(code, str(folder / "t.yaml"), *options, HOME=str(folder))


@pytest.mark.slow
def test_the_command_checks_policy_rules(tmp_path: Path) -> None:
    """`lint` reports violations of our rules and of `--policy`, and with --no-policy only the latter."""
    own = str(_own(tmp_path))
    for options, rules in ([], ["SNS_1", "TEAM_TAGS"]), (["--no-policy"], ["TEAM_TAGS"]):
        done = _lint(tmp_path, TOPIC, "--policy", own, *options)
        assert done.returncode == 1
        assert [line.split()[1] for line in done.stdout.splitlines()] == rules
    assert _lint(tmp_path, TOPIC, "--no-policy").returncode == 0


@pytest.mark.slow
def test_a_finding_of_render_names_the_python_file(tmp_path: Path) -> None:
    """A violation of a rule of a user names the module that built the resource."""
    own = _own(
        tmp_path, "rule NO_DASHBOARD {\n  Resources.*[ Type == 'AWS::CloudWatch::Dashboard' ] empty <<No.>>\n}\n"
    )
    code = "import sys; from smtemplates.cli.main import main; sys.exit(main(['render', *sys.argv[1:]]))"
    others = ",".join({*smtemplates.FEATURES} - {"monitoring"})  # a small template is linted sooner
    options = ("workspace", "-o", str(tmp_path), "--policy", str(own), "--without", others)
    done = _python(code, *options, HOME=str(tmp_path))
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if "NO_DASHBOARD" in line]
    assert line.startswith(f"{tmp_path / 'workspace.yaml'}:")
    assert line.endswith("(smtemplates/templates/workspace/dashboard.py; --without monitoring leaves it out)")


def test_json_has_the_findings_of_yaml() -> None:
    """The same template in JSON, with escapes that YAML does not have, has the same findings."""
    template = {"Description": "\U0001f512", "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    (found,) = smtemplates.judge(json.dumps(template), cache=False)
    assert (found.rule, found.path) == ("SNS_1", ("Resources", "Topic"))


TLS_ON_DEMAND = """
Parameters: {Protect: {Type: String, Default: 'true', AllowedValues: ['true', 'false']}}
Conditions: {Protected: !Equals [!Ref Protect, 'true']}
Resources:
  Bucket: {Type: 'AWS::S3::Bucket'}
  BucketPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Bucket
      PolicyDocument:
        Statement:
        - Effect: Deny
          Principal: '*'
          Action: s3:*
          Resource: '*'
          Condition: {Bool: {'aws:SecureTransport': !If [Protected, 'false', 'true']}}
"""


def test_a_rule_about_two_resources_is_checked_in_all_forms() -> None:
    """A bucket that stays the same is checked with each form of its policy."""
    found = {one.rule: one.given for one in smtemplates.judge(TLS_ON_DEMAND, cache=False)}
    assert found["S3_5"] == (("Protect", "false"),)
