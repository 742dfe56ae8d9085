"""Tests of the reference: its descriptions match the behaviour of the templates."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import samples
from cfnlint.helpers import REGIONS
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from hypothesis import given
from hypothesis import strategies as st
from test_cli import ROOT, run
from troposphere import Template, athena, kinesis

import smtemplates
from smtemplates.aws_data.costs import COSTS, FILE, IDLE_FREE, ON_DELETION, missing_costs
from smtemplates.cli.documents import FORMER_PICTURE, FORMER_REFERENCE
from smtemplates.cli.main import main
from smtemplates.console import deprecation
from smtemplates.errors import TemplateError
from smtemplates.evaluate import Stack
from smtemplates.pages.picture import picture as draw
from smtemplates.reference import control_tables, sections
from smtemplates.reference import document as reference
from smtemplates.reference.conditions import (
    REGION,
    all_options,
    alternatives,
    description,
    example_value,
    main_setting,
    parameters_for,
    satisfying,
)
from smtemplates.reference.control import Control
from smtemplates.reference.controls import CONTROLS
from smtemplates.reference.findings import Finding, findings
from smtemplates.reference.iam_policies import statement_row
from smtemplates.reference.markdown import block, code, prose, table
from smtemplates.synth.loader import load
from smtemplates.templates.registry import TEMPLATES, definition
from smtemplates.templates.workspace import template as workspace


@pytest.fixture(scope="module")
def text() -> str:
    """Return the whole reference, as the command prints it. Building it takes long."""
    return run("reference").stdout


@pytest.mark.slow
def test_reference_writes_only_the_requested_file(tmp_path: Path, text: str) -> None:
    """The command prints the reference, or writes that of a template to the file of -o. It does not write others."""
    assert text.startswith("# Reference\n")
    done = run("reference", "network", cwd=tmp_path)
    assert (done.returncode, done.stdout[:10], list(tmp_path.iterdir())) == (0, "# network\n", [])
    done = run("reference", "network", "-o", "mine.md", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.md"]
    assert (tmp_path / "mine.md").read_text().startswith("# network\n")
    assert run("reference", "network", "--check", "-o", "mine.md", cwd=tmp_path).returncode == 0


def test_reference_has_no_link_to_a_file(text: str) -> None:
    """Every link leads to a section of the reference or to a web page, so the file is complete anywhere."""
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert links
    assert [link for link in links if not link.startswith(("#", "https://"))] == []


@pytest.fixture
def shared(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use the reference that is already built for commands in this process, because building it takes long."""
    monkeypatch.setattr(reference, "document", lambda: text)


@pytest.mark.usefixtures("shared")
def test_check_prints_a_diff_and_writes_nothing(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """For a stale reference, the command prints a unified diff, exits with 1 and does not change the file."""
    file = tmp_path / "mine.md"
    stale = text.replace("`CreateNotebook` | `false`", "`CreateNotebook` | `true`")
    file.write_text(stale)
    assert main(["reference", "--check", "-o", str(file)]) == 1
    output = capsys.readouterr().out
    assert "-| `CreateNotebook` | `true`" in output
    assert "+| `CreateNotebook` | `false`" in output
    assert file.read_text() == stale
    assert main(["reference", "-o", str(file)]) == 0
    assert main(["reference", "--check", "-o", str(file)]) == 0
    assert file.read_text() == text


@pytest.mark.usefixtures("shared")
def test_check_without_a_file_compares_the_former_files(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """--check without -o compares templates/README.md and its picture, as version 0.1.0 did, with one more line."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(deprecation, "_reported", set())
    picture = tmp_path / FORMER_PICTURE
    picture.parent.mkdir()
    picture.write_text(draw())
    (tmp_path / FORMER_REFERENCE).write_text(text)
    line = "reference --check is now reference --check -o templates/README.md. The old name works until version 0.3."
    expected = picture.read_text()
    assert main(["reference", "--check"]) == 0
    assert capsys.readouterr().err.splitlines()[0] == line
    (tmp_path / FORMER_REFERENCE).write_text(text.replace("# Reference", "# Stale"))
    assert main(["reference", "--check"]) == 1
    shown = capsys.readouterr().out
    assert main(["reference", "--check", "-o", str(FORMER_REFERENCE)]) == 1
    assert capsys.readouterr().out == shown
    assert "+# Reference\n" in shown
    (tmp_path / FORMER_REFERENCE).write_text(text)
    for make_stale in (lambda: picture.write_text(expected.replace("Model bucket", "Bucket")), picture.unlink):
        make_stale()
        assert main(["reference", "--check"]) == 1
        printed = capsys.readouterr()
        assert "workspace.svg: stale" in printed.err
        assert ">Model bucket<" in printed.out


def _conditions(template: dict[str, Any]) -> dict[str, str]:
    """Return the conditions of resources and outputs, each with the name of one resource or output."""
    bodies = {**template["Resources"], **template["Outputs"]}
    return {body["Condition"]: name for name, body in bodies.items() if "Condition" in body}


def test_alternatives_satisfy_their_condition(template: dict[str, Any]) -> None:
    """A condition holds in each alternative in which it should, and in none of the others."""
    for condition in _conditions(template):
        for holds in (True, False):
            for way in alternatives(template, template["Conditions"][condition], holds=holds):
                if any(fact.parameter == REGION for fact in way):
                    continue
                found = Stack(template, parameters_for(template, way)).conditions[condition]
                assert found is holds, (condition, way)


def test_parameters_of_examples_satisfy_the_condition(template: dict[str, Any]) -> None:
    """Each optional resource or output exists with the parameters of its example."""
    for condition in _conditions(template):
        assert Stack(template, satisfying(template, condition)).conditions[condition], condition


def test_all_options_are_valid_and_include_every_construct(template: dict[str, Any]) -> None:
    """The diagram and the permissions show a stack that satisfies all Rules and contains every construct."""
    stack = Stack(template, all_options(template))
    assert stack.rules() == []
    constructs = workspace.constructs()
    expected = {each.title for each in constructs if each.resources}
    found = {each.title for each in constructs for resource in each.resources if stack.exists(str(resource.title))}
    assert found == expected


DESCRIPTIONS = [
    (None, "always", "always"),
    ("CreateNotebook", "if `CreateNotebook=true`", "`CreateNotebook=true`"),
    ("CreateFolders", "unless `CreateFolders=false`", "`CreateFolders=true` (default)"),
    ("CreateExecutionRole", "unless `ExistingRoleArn` is specified", "`ExistingRoleArn` is empty (default)"),
    (
        "CreateUserProfile2",
        (
            "if `CreateDomain=true` and `UserProfileNames` has at least 2 entries "
            "and `VpcId` and `SubnetIds` are specified"
        ),
        "`CreateDomain=true`",
    ),
    (
        "AllowTracking",
        "if `CreateMlflow=true`, unless `ExistingRoleArn` is specified or `AccessLevel=FullAccess`",
        "`CreateMlflow=true`",
    ),
    ("NeedsInitializer", "unless `CreateFolders=false` and `ManageLogGroups=false`", "`CreateFolders=true` (default)"),
    ("HasKmsKey", "if `CreateKmsKey=true` or `KmsKeyArn` is specified", "`CreateKmsKey=true`"),
]


@pytest.mark.parametrize(("condition", "words", "setting"), DESCRIPTIONS, ids=lambda value: str(value)[:40])
def test_conditions_are_described_from_the_defaults(
    template: dict[str, Any], condition: str, words: str, setting: str
) -> None:
    """A description names the settings that enable a resource and those that disable it."""
    assert description(template, condition) == words
    assert main_setting(template, condition) == setting


UNUSUAL = [
    ({"Fn::Equals": ["", {"Ref": "AlarmEmail"}]}, "unless `AlarmEmail` is specified"),
    (
        {"Fn::Equals": [{"Ref": "AlarmEmail"}, {"Ref": "EndpointName"}]},
        "unless `AlarmEmail` has a value that changes this",
    ),
    ({"Fn::Equals": [{"Fn::Sub": "${AlarmEmail}!"}, "a@b!"]}, "if `AlarmEmail` has a value that changes this"),
    ({"Fn::Equals": [{"Ref": "AWS::Partition"}, "aws-cn"]}, "if unavailable in the Region"),
    ({"Fn::Not": [{"Fn::Equals": [{"Ref": "LogRetentionDays"}, "30"]}]}, "if `LogRetentionDays` is not `30`"),
]


@pytest.mark.parametrize("words", ["like ml.m5.large", "such as ml.m5.large", "for example, ml.m5.large"])
def test_example_values_come_from_the_constraint_text(words: str) -> None:
    """The value of a parameter in an example is the one that its constraint text shows."""
    declared = {"Type": "String", "ConstraintDescription": f"must be empty or an instance type {words}; no spaces"}
    assert example_value(declared) == "ml.m5.large"


@pytest.mark.parametrize(("condition", "words"), UNUSUAL, ids=lambda value: str(value)[:60])
def test_every_form_of_condition_has_a_description(template: dict[str, Any], condition: Any, words: str) -> None:
    """The reference describes conditions of any form."""
    assert description({**template, "Conditions": {"Unusual": condition}}, "Unusual") == words


@pytest.mark.slow
def test_permissions_show_every_statement(text: str, template: dict[str, Any]) -> None:
    """The permissions contain all statements of a stack with all options enabled."""
    shown = text[text.index("### Permissions") : text.index("### Regions")]
    stack = Stack(template, all_options(template))
    named = re.findall(r"'Sid': '(\w+)'", str(stack.resources))
    rows = [line.split(" | ")[0].removeprefix("| ") for line in shown.splitlines() if line.startswith("| ")]
    assert sorted(row for row in rows if row not in {"Statement", "---", "-"}) == sorted(named)


def test_a_statement_is_shown_in_words() -> None:
    """A row shows a Deny, resources in other accounts, and the key of a condition."""
    row = statement_row(
        {
            "Sid": "No",
            "Effect": "Deny",
            "Principal": {"AWS": "arn:aws:iam::444455556666:root", "Service": ["sns.amazonaws.com"]},
            "Action": ["s3:PutObject", "s3:GetObject", "kms:Decrypt"],
            "Resource": ["*", "arn:aws:ecr:us-east-1:*:repository/*"],
            "Condition": {"Bool": {"aws:SecureTransport": False}},
        }
    )
    assert row == (
        "No",
        "account `444455556666`<br>`sns.amazonaws.com`",
        "**Deny:** kms: Decrypt<br>s3: GetObject, PutObject",
        "all resources<br>ecr: `repository/*` in any account",
        "`aws:SecureTransport` Bool `false`",
    )
    others = statement_row({"Effect": "Deny", "Action": "s3:*", "NotResource": "arn:aws:s3:::team/*"})
    assert others[3] == "all resources except:<br>s3: `team/*`"
    exception = statement_row({"Effect": "Deny", "NotAction": ["iam:*", "s3:GetObject"], "Resource": "*"})
    assert exception == ("-", "", "**Deny:** all actions except:<br>iam: \\*<br>s3: GetObject", "all resources", "")


def test_controls_and_key_policy_have_sections(monkeypatch: pytest.MonkeyPatch) -> None:
    """The security controls, the findings and the policy of an existing KMS key have a section and a link to it."""
    tls = Control("S3.5", "denies requests without TLS", "tests/x.py", rules=("s3_tls_check",))
    copies = Finding("Copies", "They cost *twice*.", {"CKV_AWS_1": ("InputBucket", "ModelBucket")}, ("Copy",))
    monkeypatch.setattr(control_tables, "CONTROLS", (tls,))
    monkeypatch.setattr(control_tables, "findings", lambda: (copies,))
    # these take long and have no effect on the sections
    monkeypatch.setattr(reference, "TEMPLATES", ("workspace",))
    monkeypatch.setattr(reference, "_changes", lambda _template, _options: iter(()))
    text = reference.document()
    assert "| S3.5 | denies requests without TLS | `tests/x.py` |" in text
    assert "| Copies | Offered | `Copy` | They cost \\*twice\\*. |" in text
    assert (
        "| `CKV_AWS_1` | checkov | Offered | `InputBucket`, `ModelBucket` | Copies |\n"
        "| `s3_tls_check` | Control Tower | Met |  | S3.5 |\n"
    ) in text
    assert '"Service": "logs.us-east-1.amazonaws.com"' in text
    for title in (
        "Security controls",
        "Accepted findings of scanners",
        "Rules of scanners",
        "Key policy for an existing KMS key",
        "Topic policy for an existing SNS topic",
    ):
        assert f"### {title}\n" in text
        assert f"- [{title}](#" in text


def test_findings_name_parameters_that_exist() -> None:
    """Each parameter that resolves a finding or limits its row exists, and each control has one row."""
    parameters = {name for each in TEMPLATES for name in definition(each).template().to_dict().get("Parameters", {})}
    assert {name for each in findings() for name in (*each.parameters, *each.where)} <= parameters
    titles = [each.control for each in findings()]
    assert len(set(titles)) == len(titles)


def test_key_policy_equals_that_of_the_created_key(template: dict[str, Any], text: str) -> None:
    """The policy in the reference is identical to the policy of the key that the stack creates."""
    section = text.partition("### Key policy for an existing KMS key\n")[2]
    shown = section.partition("```json\n")[2].partition("```")[0]
    stack = samples.deployed(template, samples.MADE_KEY, {"MonthlyBudgetUsd": "100"})
    assert json.loads(shown) == stack.resources["EncryptionKey"]["Properties"]["KeyPolicy"]


def test_regions_without_schemas_are_named(text: str) -> None:
    """The reference of each template names the Regions for which cfn-lint has only the schemas of us-east-1."""
    types = {region: set(PROVIDER_SCHEMA_MANAGER.get_resource_types(region)) for region in REGIONS}
    unknown = {region for region in REGIONS if types[region] == types["us-east-1"]} - {"us-east-1"}
    complete = re.findall(r"all resource types are available in (.*)[.]$", text, re.MULTILINE)
    named = re.findall(r"^cfn-lint has no schemas for (.*?)[.] ", text, re.MULTILINE)
    assert len(complete) == len(named) == len(TEMPLATES)
    for regions in complete:
        assert unknown.isdisjoint(re.findall("`(.*?)`", regions))
    assert set(re.findall("`(.*?)`", ", ".join(named))) == unknown


def test_resource_types_without_a_cost_are_an_error() -> None:
    """The error names all resource types without a cost, the file to edit and an example, so that none seems free."""
    template = Template()
    template.add_resource(athena.WorkGroup("Queries", Name="queries"))
    template.add_resource(kinesis.Stream("Events"))
    with pytest.raises(TemplateError) as raised:
        list(sections.costs(load(smtemplates.render(template)) | {"Parameters": {}}))
    group, stream = str(raised.value).splitlines()
    for line, name in ((group, "AWS::Athena::WorkGroup"), (stream, "AWS::Kinesis::Stream")):
        assert line.startswith(f"{FILE}: no row for {name}.")
        assert f'for example: "{name}": Cost(' in line


def test_missing_costs_name_each_type_once() -> None:
    """Types with a cost or with an entry in IDLE_FREE are not reported."""
    types = ["AWS::Glue::Job", "AWS::Kinesis::Stream", "AWS::Glue::Job"]
    messages = missing_costs([*types, *COSTS, *IDLE_FREE])
    assert [re.findall(r"no row for (\S+)[.] ", message) for message in messages] == [
        [name] for name in sorted({*types})
    ]
    assert (ROOT / FILE).is_file()


def test_cost_data_has_no_unused_or_contradictory_rows() -> None:
    """No type is both charged and free, and each effect of deletion belongs to a type with a cost row."""
    assert not COSTS.keys() & IDLE_FREE
    assert missing_costs(ON_DELETION) == []


def test_costs_and_retention_are_shown_by_setting(text: str) -> None:
    """The row of a setting shows the cost of its resources while idle, and which of them are retained."""
    rows = {line.split(" | ")[0].removeprefix("| "): line for line in text.splitlines() if line.startswith("| `")}
    assert "per hour while it runs" in rows["`CreateNotebook=true`"]
    assert "all files on it" in rows["`CreateNotebook=true`"]
    assert "per key and month" in rows["`CreateKmsKey=true`"]
    assert "key: retained" in rows["`CreateKmsKey=true`"]
    assert "bucket: retained" in rows["`CreateBuckets=true` (default)"]
    assert "the whole account shares them" in rows["`ManageLogGroups=true` (default)"]


def test_every_link_to_a_section_is_valid(text: str) -> None:
    """The links in the contents have the anchors of existing sections."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    anchors: list[str] = []
    for heading in headings:
        anchor = re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-"))
        seen = sum(re.fullmatch(rf"{anchor}(-[0-9]+)?", other) is not None for other in anchors)
        anchors.append(f"{anchor}-{seen}" if seen else anchor)
    links = re.findall(r"\]\(#(.*?)\)", text)
    assert links
    assert set(links) <= set(anchors)


def test_stack_set_refers_to_the_parameters_of_the_workspace(text: str, template: dict[str, Any]) -> None:
    """The chapter of the stack set names the parameter groups of the workspace, and lists only its own parameters."""
    others, _, stack_set = text.partition("\n## stack-set.yaml\n")
    (referring,) = (line for line in stack_set.splitlines() if "](#parameters)" in line)
    for group in template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]:
        assert group["Label"]["default"] in referring
        assert all(f"| `{name}` |" in others and f"| `{name}` |" not in stack_set for name in group["Parameters"])
    assert "| `OrganizationalUnitIds` |" in stack_set
    # The diagram contains the stack set, although two Rules reject its parameters until all of them are specified.
    assert "<br>stack set" in stack_set
    repeated = [line for line in stack_set.splitlines() if line.startswith("- ") and line in others]
    assert repeated == []


markup = st.text("|`\\<*_[ a\n", max_size=20)


@given(st.text(max_size=30) | markup, st.text(max_size=30) | markup)
def test_values_stay_in_their_cells(first: str, second: str) -> None:
    """No description or default changes the rows or columns of its table."""
    written = table(("One", "Two"), [(prose(first), code(second))])
    lines = written.splitlines()
    assert len(lines) == 3
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 3 for line in lines)


@given(st.text("`ab\n", max_size=40))
def test_values_stay_in_their_code_block(inside: str) -> None:
    """An example that contains a fence does not end its code block."""
    fence, *_, last = block(inside).splitlines()
    assert fence == last
    assert fence not in inside


def test_every_control_names_a_test_that_exists() -> None:
    """The test of each security control exists."""
    for control in CONTROLS:
        path, _, name = control.test.partition("::")
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), control.test
