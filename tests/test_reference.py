"""The reference: what it says of the template is what the template does."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import samples
from cfnlint.helpers import REGIONS
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from hypothesis import given
from hypothesis import strategies as st
from test_cli import ROOT, run
from troposphere import Template, sqs

import smtemplates
from smtemplates.errors import TemplateError
from smtemplates.evaluate import Stack
from smtemplates.reference import document as reference
from smtemplates.reference import sections
from smtemplates.reference.controls import CONTROLS, Control
from smtemplates.reference.markdown import block, code, prose, table
from smtemplates.reference.policies import statement
from smtemplates.reference.wording import REGION, alternatives, chosen, everything, makes, switch, when_made
from smtemplates.synth.loader import load
from smtemplates.templates.registry import TEMPLATES
from smtemplates.templates.workspace import template as workspace


@pytest.fixture(scope="module")
def text() -> str:
    """Give the whole reference."""
    return reference.text()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with a reference and its picture, as the repository has them."""
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    return tmp_path


def test_check_passes_what_the_command_wrote(folder: Path) -> None:
    """What one run writes another finds current: the text is the same in every process."""
    (folder / "templates" / "README.md").unlink()
    assert run("reference", cwd=folder).returncode == 0
    assert run("reference", "--check", cwd=folder).returncode == 0


def test_check_shows_what_is_stale_and_writes_nothing(folder: Path) -> None:
    """A stale reference costs exit code 1 and a unified diff, and stays as it is."""
    file = folder / "templates" / "README.md"
    file.write_text(file.read_text().replace("`CreateNotebook` | `false`", "`CreateNotebook` | `true`"))
    before = file.read_text()
    done = run("reference", "--check", cwd=folder)
    assert done.returncode == 1
    assert "-| `CreateNotebook` | `true`" in done.stdout
    assert "+| `CreateNotebook` | `false`" in done.stdout
    assert file.read_text() == before


def test_check_reports_a_stale_picture(folder: Path) -> None:
    """A different picture, or none, is stale. The command without --check writes it again."""
    picture = folder / "templates" / reference.PICTURE
    expected = picture.read_text()
    for spoil in (lambda: picture.write_text(expected.replace("3 buckets", "2 buckets")), picture.unlink):
        spoil()
        done = run("reference", "--check", cwd=folder)
        assert done.returncode == 1
        assert "workspace.svg: stale" in done.stderr
        assert ">3 buckets<" in done.stdout
    assert run("reference", cwd=folder).returncode == 0
    assert picture.read_text() == expected


def test_rendering_needs_no_linter() -> None:
    """The reference alone loads cfn-lint: rendering without validation stays fast."""
    program = "import sys; from smtemplates.cli import main as cli; cli.main(['render', '--no-lint', '-o', '-']); "
    done = subprocess.run(
        [sys.executable, "-c", program + "sys.exit('cfnlint' in sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _conditions(template: dict[str, Any]) -> dict[str, str]:
    """Give one name, of a resource or output, for each condition that decides whether such a thing exists."""
    bodies = {**template["Resources"], **template["Outputs"]}
    return {body["Condition"]: name for name, body in bodies.items() if "Condition" in body}


def test_what_is_said_to_make_something_makes_it(template: dict[str, Any]) -> None:
    """In every way in which a condition is said to hold it does, and in every way in which not it does not."""
    for condition in _conditions(template):
        for holds in (True, False):
            for way in alternatives(template, template["Conditions"][condition], holds=holds):
                if any(fact.parameter == REGION for fact in way):
                    continue
                found = Stack(template, chosen(template, way)).conditions[condition]
                assert found is holds, (condition, way)


def test_the_parameters_of_an_example_make_what_it_shows(template: dict[str, Any]) -> None:
    """Whatever is there only on demand is there with the parameters that its example was made with."""
    for condition in _conditions(template):
        assert Stack(template, makes(template, condition)).conditions[condition], condition


def test_a_stack_with_everything_breaks_no_rule_and_has_every_area(template: dict[str, Any]) -> None:
    """The picture and the policies are of a stack that can be made, and leave no area out."""
    stack = Stack(template, everything(template))
    assert stack.rules() == []
    parts = workspace.constructs()
    areas = {part.title for part in parts if part.resources}
    there = {part.title for part in parts for resource in part.resources if stack.exists(str(resource.title))}
    assert there == areas


SAID = [
    (None, "always", "always"),
    ("CreateNotebook", "if `CreateNotebook=true`", "`CreateNotebook=true`"),
    ("CreateFolders", "unless `CreateFolders=false`", "`CreateFolders=true` (default)"),
    ("CreateExecutionRole", "unless `ExistingRoleArn` is given", "`ExistingRoleArn` is empty (default)"),
    (
        "CreateUserProfile2",
        "if `CreateDomain=true` and `UserProfileNames` has at least 2 entries and `VpcId` and `SubnetIds` are given",
        "`CreateDomain=true`",
    ),
    (
        "CreateRegistryPolicy",
        "if `CreateModelPackageGroup=true`, unless `ExistingRoleArn` is given or `AccessLevel=FullAccess`",
        "`CreateModelPackageGroup=true`",
    ),
    ("NeedsInitializer", "unless `CreateFolders=false` and `ManageLogGroups=false`", "`CreateFolders=true` (default)"),
    ("HasKmsKey", "if `CreateKmsKey=true` or `KmsKeyArn` is given", "`CreateKmsKey=true`"),
]


@pytest.mark.parametrize(("condition", "words", "first"), SAID, ids=lambda value: str(value)[:40])
def test_conditions_read_as_sentences(template: dict[str, Any], condition: str, words: str, first: str) -> None:
    """A condition is said from the defaults on: what to ask for, and what unmakes it."""
    assert when_made(template, condition) == words
    assert switch(template, condition) == first


ODD = [
    ({"Fn::Equals": ["", {"Ref": "AlarmEmail"}]}, "unless `AlarmEmail` is given"),
    ({"Fn::Equals": [{"Ref": "AlarmEmail"}, {"Ref": "EndpointName"}]}, "unless `AlarmEmail` decides so"),
    ({"Fn::Equals": [{"Fn::Sub": "${AlarmEmail}!"}, "a@b!"]}, "if `AlarmEmail` decides so"),
    ({"Fn::Equals": [{"Ref": "AWS::Partition"}, "aws-cn"]}, "if the Region lacks it"),
    ({"Fn::Not": [{"Fn::Equals": [{"Ref": "LogRetentionDays"}, "30"]}]}, "if `LogRetentionDays` is not `30`"),
]


@pytest.mark.parametrize(("condition", "words"), ODD, ids=lambda value: str(value)[:60])
def test_no_form_of_condition_is_without_words(template: dict[str, Any], condition: Any, words: str) -> None:
    """Whichever way an area writes its condition, the reference can say it."""
    assert when_made({**template, "Conditions": {"Odd": condition}}, "Odd") == words


def test_every_statement_of_every_policy_is_shown(text: str, template: dict[str, Any]) -> None:
    """Nothing that a stack with everything allows or denies is missing from the permissions."""
    shown = text[text.index("### Permissions") : text.index("### Regions")]
    stack = Stack(template, everything(template))
    named = re.findall(r"'Sid': '(\w+)'", str(stack.resources))
    rows = [line.split(" | ")[0].removeprefix("| ") for line in shown.splitlines() if line.startswith("| ")]
    assert sorted(row for row in rows if row not in {"Statement", "---", "-"}) == sorted(named)


def test_a_statement_reads_as_words() -> None:
    """A denial says so, resources of other accounts too, and a condition names its key."""
    said = statement(
        {
            "Sid": "No",
            "Effect": "Deny",
            "Principal": {"AWS": "arn:aws:iam::444455556666:root", "Service": ["sns.amazonaws.com"]},
            "Action": ["s3:PutObject", "s3:GetObject", "kms:Decrypt"],
            "Resource": ["*", "arn:aws:ecr:us-east-1:*:repository/*"],
            "Condition": {"Bool": {"aws:SecureTransport": False}},
        }
    )
    assert said == (
        "No",
        "account `444455556666`<br>`sns.amazonaws.com`",
        "**denied:** kms: Decrypt; s3: GetObject, PutObject",
        "everything<br>ecr: `repository/*` of any account",
        "`aws:SecureTransport` Bool `false`",
    )
    but = statement({"Effect": "Deny", "NotAction": ["iam:*", "s3:GetObject"], "Resource": "*"})
    assert but == ("-", "", "**denied:** everything but iam: \\*; s3: GetObject", "everything", "")


def test_what_others_fill_in_gets_a_section(monkeypatch: pytest.MonkeyPatch) -> None:
    """Security controls and the policy that a brought key needs are shown where there are any, and linked to."""
    monkeypatch.setattr(reference, "CONTROLS", (Control("S3.5", "refuses requests without TLS", "tests/x.py"),))
    text = reference.text()
    assert "| S3.5 | refuses requests without TLS | `tests/x.py` |" in text
    assert '"Service": "logs.us-east-1.amazonaws.com"' in text
    for title in ("Security controls", "What the policy of your own KMS key must allow"):
        assert f"### {title}\n" in text
        assert f"- [{title}](#" in text


def test_the_policy_for_a_brought_key_is_that_of_a_made_one(template: dict[str, Any], text: str) -> None:
    """What the reference prints, word for word, lets everything through that a key made here lets through."""
    section = text.partition("### What the policy of your own KMS key must allow\n")[2]
    printed = section.partition("```json\n")[2].partition("```")[0]
    made = samples.deployed(template, samples.MADE_KEY).resources["EncryptionKey"]["Properties"]["KeyPolicy"]
    assert json.loads(printed) == made


@pytest.mark.parametrize("region", ["ca-west-1", "me-central-1", "us-gov-east-1", "us-east-1"])
def test_a_region_lacks_what_the_linter_misses_there(text: str, region: str) -> None:
    """What the reference says a Region lacks is what cfn-lint refuses, and what it says to leave out mends that."""
    row = re.search(rf"^\| `{region}` \| (.*) \| (.*) \|$", text, re.MULTILINE)
    types = set(re.findall(r"`(.*?)`", row.group(1))) if row else set()
    findings = smtemplates.lint(smtemplates.render(smtemplates.build()), regions=[region])
    assert {name for found in findings for name in re.findall(r"AWS::\w+::\w+", found.message)} == types
    left_out = re.search(r"--without ([a-z,]+)", row.group(2)) if row else None
    without = left_out.group(1).split(",") if left_out else []
    assert smtemplates.lint(smtemplates.render(smtemplates.build(without)), regions=[region]) == []


def test_a_region_that_nobody_knows_is_not_praised(text: str) -> None:
    """Where cfn-lint has but us-east-1's schemas, the reference of each template says so, and of no other Region."""
    types = {region: set(PROVIDER_SCHEMA_MANAGER.get_resource_types(region)) for region in REGIONS}
    unknown = {region for region in REGIONS if types[region] == types["us-east-1"]} - {"us-east-1"}
    praised = re.findall(r"every type of resource is in (.*)[.]$", text, re.MULTILINE)
    told = re.findall(r"^It has none for (.*): what is there is not known", text, re.MULTILINE)
    assert len(praised) == len(told) == len(TEMPLATES)
    for regions in praised:
        assert unknown.isdisjoint(re.findall("`(.*?)`", regions))
    assert set(re.findall("`(.*?)`", ", ".join(told))) == unknown


def test_a_type_nobody_priced_is_an_error() -> None:
    """A resource whose costs nobody wrote down is not passed off as free."""
    template = Template()
    template.add_resource(sqs.Queue("JobQueue"))
    with pytest.raises(TemplateError, match=r"JobQueue.*costs\.py.*AWS::SQS::Queue"):
        list(sections.costs(load(smtemplates.render(template)) | {"Parameters": {}}))


def test_money_and_data_are_told_by_switch(text: str) -> None:
    """Whoever asks what a switch costs while idle, and what it leaves, finds both in its row."""
    rows = {line.split(" | ")[0].removeprefix("| "): line for line in text.splitlines() if line.startswith("| `")}
    assert "per hour while it runs" in rows["`CreateNotebook=true`"]
    assert "every file on it" in rows["`CreateNotebook=true`"]
    assert "per key and month" in rows["`CreateKmsKey=true`"]
    assert "key: stays" in rows["`CreateKmsKey=true`"]
    assert "bucket: stays" in rows["`CreateBuckets=true` (default)"]
    assert "the account shares them" in rows["`ManageLogGroups=true` (default)"]


def test_every_link_to_a_section_leads_somewhere(text: str) -> None:
    """The contents name sections that are there."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    anchors: list[str] = []
    for heading in headings:
        anchor = re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-"))
        seen = sum(re.fullmatch(rf"{anchor}(-[0-9]+)?", other) is not None for other in anchors)
        anchors.append(f"{anchor}-{seen}" if seen else anchor)
    links = re.findall(r"\]\(#(.*?)\)", text)
    assert links
    assert set(links) <= set(anchors)


def test_what_is_handed_on_is_told_once(text: str, template: dict[str, Any]) -> None:
    """The fleet's chapter refers to the workspace's parameters and refusals by their groups, and tells its own."""
    whole, _, fleet = text.partition("\n## stack-set.yaml\n")
    (referring,) = (line for line in fleet.splitlines() if "](#parameters)" in line)
    for group in template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]:
        assert group["Label"]["default"] in referring
        assert all(f"| `{name}` |" in whole and f"| `{name}` |" not in fleet for name in group["Parameters"])
    assert "| `OrganizationalUnitIds` |" in fleet
    assert "<br>stack set" in fleet  # it is drawn, though two Rules refuse what is given before it all is
    refused = [line for line in fleet.splitlines() if line.startswith("- ") and line in whole]
    assert refused == []


markup = st.text("|`\\<*_[ a\n", max_size=20)


@given(st.text(max_size=30) | markup, st.text(max_size=30) | markup)
def test_no_value_breaks_out_of_its_cell(first: str, second: str) -> None:
    """Whatever a description or a default holds, the table keeps its rows and its columns."""
    written = table(("One", "Two"), [(prose(first), code(second))])
    lines = written.splitlines()
    assert len(lines) == 3
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 3 for line in lines)


@given(st.text("`ab\n", max_size=40))
def test_no_value_ends_its_block(inside: str) -> None:
    """An example that has a fence in it stays one block."""
    fence, *_, last = block(inside).splitlines()
    assert fence == last
    assert fence not in inside


def test_every_control_names_a_test_that_exists() -> None:
    """Whoever ticks a control off finds its test."""
    for control in CONTROLS:
        path, _, name = control.test.partition("::")
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), control.test
