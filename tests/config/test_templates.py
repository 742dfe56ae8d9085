"""Templates of the configuration file: specialized, with added constructs, from functions and from files."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from config.conftest import Write
from smtemplates.config.templates import names, resolve
from smtemplates.errors import UsageError
from smtemplates.specializing.specialization import specialize
from smtemplates.synth.renderer import render
from smtemplates.templates.registry import TEMPLATES, definition

QUEUE = """
    from troposphere import Ref, Tags, sqs
    from smtemplates.core.construct import Construct, output, string_parameter
    from smtemplates.templates.workspace.project import Project
    from smtemplates.templates.workspace.storage import Storage

    print("the module of the queue is imported")

    def queue(project: Project, storage: Storage) -> Construct:
        print("the queue is built")
        name = string_parameter("QueueTag", "Tag of the queue.", pattern="[a-z]*", hint="must be letters", max_length=9)
        jobs = sqs.Queue("JobQueue", Tags=Tags(name=Ref(name)))
        url = output("JobQueueUrl", "URL of the queue", Ref(jobs))
        return Construct(
            title="Queue", source=__name__, parameters={"Tag": name}, resources=[jobs], outputs=[url]
        )

    def second(queue: Construct) -> Construct:
        return Construct(title="Queue", source=__name__, resources=[sqs.Queue(f"{queue.resources[0].title}Second")])

    def topic() -> Construct:
        return Construct(title="Queue", source=__name__, resources=[sqs.Queue("Topic")])
"""
WHOLE = """
    from troposphere import Template, sns
    from smtemplates.core.assemble import Definition
    from smtemplates.core.construct import Construct

    def template() -> Template:
        template = Template(Description="A topic")
        template.add_resource(sns.Topic("Topic"))
        return template

    def mapping() -> dict:
        return template().to_dict()

    def definition() -> Definition:
        return Definition("A topic", [Construct(title="Topic", source=__name__, resources=[sns.Topic("Topic")])])

    def number() -> int:
        return 5

    def with_argument(name: str) -> Template:
        return template()

    def without_resources() -> dict:
        return {"Resources": ["Topic"]}

    constant = 5
"""
FILE = """
    Parameters:
      Name: {Type: String, Default: a}
    Metadata:
      AWS::CloudFormation::Interface:
        ParameterGroups: [{Label: {default: Names}, Parameters: [Name]}]
    Resources:
      Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref Name}}
"""
FILES = {"parts/queues.py": QUEUE, "parts/whole.py": WHOLE, "topic.yaml": FILE}


def message(write: Write, table: str, name: str = "company") -> list[str]:
    """Return the lines of the message about a template."""
    project = write(table, FILES)
    with pytest.raises(UsageError) as caught:
        resolve(name, project)
    return str(caught.value).splitlines()


@pytest.mark.parametrize("name", TEMPLATES)
def test_our_template_in_a_table_is_the_same_template(write: Write, name: str) -> None:
    """A table without further keys gives the template that render writes without a configuration file."""
    project = write(f'[template.same]\nfrom = "{name}"\n')
    expected = render(definition(name).template())
    assert render(resolve("same", project).body) == render(resolve(name, project).body) == expected
    assert names(project) == ["same", *TEMPLATES]


def test_a_specialized_template(write: Write) -> None:
    """A table gives the template that specialize returns, with its description and its policy files."""
    project = write("""
        [template.company]
        from = "workspace"
        without = ["guide"]
        keep = ["ProjectName", "CreateNotebook", "NotebookInstanceType", "AllowedInstanceTypes"]
        description = "Workspaces of the company"
        policy = ["policies/company.guard"]
        allow.NotebookInstanceType = ["ml.t3.medium", "ml.t3.large"]
        default.NotebookInstanceType = "ml.t3.large"
        [template.company.fix]
        VpcId = "vpc-0123456789abcdef0"
        SubnetIds = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
        NotebookVolumeSizeGb = 50
        CreateMlflow = false
    """)
    expected = specialize(
        definition("workspace", ["guide"]).template(),
        keep=["ProjectName", "CreateNotebook", "NotebookInstanceType", "AllowedInstanceTypes"],
        allow={"NotebookInstanceType": ["ml.t3.medium", "ml.t3.large"]},
        default={"NotebookInstanceType": "ml.t3.large"},
        fix={
            "VpcId": "vpc-0123456789abcdef0",
            "SubnetIds": "subnet-0123456789abcdef0,subnet-0123456789abcdef1",
            "NotebookVolumeSizeGb": "50",
            "CreateMlflow": "false",
        },
    )
    built = resolve("company", project)
    assert render(built.body) == render({**expected, "Description": "Workspaces of the company"})
    assert built.description == "Workspaces of the company"
    assert built.policies == (Path("policies/company.guard"),)
    assert built.special
    assert any(removal.name == "MlflowApp" for removal in built.special.removed)
    assert built.titles["InputBucket"] == "Storage"


def test_an_added_construct_receives_those_of_the_workspace(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    """Added constructs can also receive each other. Their prints do not mix with a template on standard output."""
    project = write(
        """
        [template.company]
        from = "workspace"
        constructs = ["parts.queues:second", "parts.queues:queue"]
        """,
        FILES,
    )
    built = resolve("company", project)
    plain = resolve("workspace")
    assert built.body["Resources"].keys() - plain.body["Resources"].keys() == {"JobQueue", "JobQueueSecond"}
    assert built.body["Outputs"].keys() - plain.body["Outputs"].keys() == {"JobQueueUrl"}
    groups = built.body["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    assert groups[-1] == {"Label": {"default": "Queue"}, "Parameters": ["QueueTag"]}
    assert built.sources["Resources", "JobQueue"] == "parts/queues.py"
    assert built.sources["Resources", "InputBucket"] == plain.sources["Resources", "InputBucket"]
    streams = capsys.readouterr()
    assert streams.out == ""
    assert "the queue is built" in streams.err
    assert str(Path.cwd()) not in sys.path


def test_an_added_construct_can_be_specialized(write: Write) -> None:
    """Its parameters can be fixed as those of the workspace."""
    table = """
        [template.company]
        from = "workspace"
        constructs = ["parts.queues:queue"]
        keep = ["ProjectName"]
        fix.QueueTag = "jobs"
    """
    body = resolve("company", write(table, FILES)).body
    assert body["Parameters"].keys() == {"ProjectName"}
    assert body["Resources"]["JobQueue"]["Properties"]["Tags"] == [{"Key": "name", "Value": "jobs"}]


@pytest.mark.parametrize("function", ["template", "mapping", "definition"])
def test_a_template_of_a_function(write: Write, function: str) -> None:
    """The function returns a Template of troposphere, a dict or a Definition. Constructs can be added to each."""
    table = f"""
        [template.company]
        from = "parts.whole:{function}"
        [template.larger]
        from = "parts.whole:{function}"
        constructs = ["parts.queues:extra"]
    """
    extra = QUEUE.replace("def topic", "def extra").replace('"Topic"', '"Extra"')
    project = write(table, FILES | {"parts/queues.py": extra})
    built = resolve("company", project)
    assert built.body["Resources"] == {"Topic": {"Type": "AWS::SNS::Topic"}}
    assert built.description == "A topic"
    assert resolve("larger", project).body["Resources"].keys() == {"Topic", "Extra"}


def test_a_template_of_a_file(write: Write) -> None:
    """Constructs and their parameter groups are added to it."""
    table = """
        [template.company]
        from = "topic.yaml"
        constructs = ["parts.queues:tagged"]
        fix.Name = "b"
    """
    tagged = QUEUE.replace("def queue(project: Project, storage: Storage)", "def tagged()")
    built = resolve("company", write(table, FILES | {"parts/queues.py": tagged}))
    assert built.body["Resources"]["Topic"]["Properties"] == {"TopicName": "b"}
    assert built.body["Resources"]["JobQueue"]["Properties"]["Tags"] == [{"Key": "name", "Value": {"Ref": "QueueTag"}}]
    interface = built.body["Metadata"]["AWS::CloudFormation::Interface"]
    assert interface["ParameterGroups"] == [{"Label": {"default": "Queue"}, "Parameters": ["QueueTag"]}]
    assert interface["ParameterLabels"] == {"QueueTag": {"default": "Tag"}}


def test_a_file_on_the_command_line(write: Write) -> None:
    """A text with a slash or a suffix of a template is a file relative to the working directory."""
    project = write("", FILES)
    assert resolve("topic.yaml", project).body == resolve("./topic.yaml").body
    assert resolve("topic.yaml").file == Path("topic.yaml")
    with pytest.raises(UsageError, match=r"^topic.yaml is a file, so --without cannot be used with it"):
        resolve("topic.yaml", project, without=["guide"])
    with pytest.raises(UsageError, match=r"^There is no template workspac; did you mean workspace\?$"):
        resolve("workspac", project)


def test_features_of_the_command_line_are_left_out_in_addition(write: Write) -> None:
    """The command `render company --without studio` leaves out the features of the table and of the option."""
    project = write('[template.company]\nfrom = "workspace"\nwithout = ["guide"]\n')
    expected = render(definition("workspace", ["guide", "studio"]).template())
    assert render(resolve("company", project, without=["studio"]).body) == expected


def test_the_number_of_places_of_a_list(write: Write) -> None:
    """A table gives the catalog with the places that render writes with --places."""
    project = write('[template.shop]\nfrom = "service-catalog"\nplaces = { ShareAccountIds = 20 }\n')
    expected = render(definition("service-catalog", (), {"ShareAccountIds": 20}).template())
    assert render(resolve("shop", project).body) == expected


# The keys of the table company, from line 2, and the expected problems.
TABLES = """
from = "service-catalog"
places = { ShareAccount = 20 }
3: [template.company] places: There is no list 'ShareAccount' whose number of places can be chosen. Did you mean 'ShareAccountIds'?

from = "service-catalog"
places = { ShareAccountIds = 600 }
1: [template.company] With these places the template has 636 resources, and CloudFormation accepts 500. Choose fewer places.

from = "workspac"
2: [template.company] from: there is no template workspac; did you mean workspace?

from = "no/file.yaml"
2: [template.company] from: Cannot read no/file.yaml: No such file or directory.

from = "no:f"
2: [template.company] from: there is no module no in FOLDER or in the Python environment.

from = "parts.whole:templat"
2: [template.company] from: parts.whole: there is no function templat; did you mean template?

from = "parts.whole:constant"
2: [template.company] from: parts.whole:constant is not a function.

from = "parts.whole:number"
2: [template.company] from: parts.whole:number returns a int. It must return a Template of troposphere, a dict or a Definition.

from = "parts.whole:with_argument"
2: [template.company] from: parts.whole:with_argument requires arguments, but the function of a template is called without arguments.

from = "parts.whole:without_resources"
2: [template.company] from: Resources must be a mapping from names to definitions.

from = "topic.yaml"
without = ["guid"]
3: [template.company] without: only templates of smtemplates have features: workspace, network, launch-role, service-catalog, stack-set.
3: [template.company] without[1]: there is no feature guid; did you mean guide?

from = "workspace"
keep = [
"ProjectName",
"Environmen" ]
[template.company.fix]
VpcI = "x"
5: [template.company] keep[2]: Parameter Environmen is unknown: did you mean Environment?
7: [template.company] fix.VpcI: Parameter VpcI is unknown: did you mean VpcId?

from = "workspace"
fix.CreateDomain = true
fix.VpcId = ""
1: [template.company] CreateDomain requires VpcId and SubnetIds, because Studio runs in a VPC.

from = "topic.yaml"
constructs = ["parts.queues:topic"]
3: [template.company] constructs: parts/queues.py adds Topic to Resources, but that name is already in use. Choose another.

from = "workspace"
constructs = ["parts.queues:queue", "parts.other:queue"]
3: [template.company] constructs[2]: two functions have the name queue. Rename one of them.

from = "launch-role"
constructs = ["parts.queues:second"]
3: [template.company] constructs: parts.queues:second receives 'queue', which is not a construct of this template. \
The constructs are: second.
"""  # noqa: E501 each line is the message about one problem


@pytest.mark.parametrize("case", TABLES.strip().split("\n\n"))
def test_a_table_that_cannot_be_built(write: Write, case: str) -> None:
    """Each line names the line and the key of the file."""
    lines = case.replace("FOLDER", str(Path.cwd())).splitlines()
    keys = [line for line in lines if not re.match(r"\d+: ", line)]
    found = message(write, "\n".join(["[template.company]", *keys]) + "\n")
    expected = lines[len(keys) :]
    assert len(found) == len(expected)
    for line, start in zip(found, expected, strict=True):
        assert line.startswith(f"smtemplates.toml:{start}")


WRONG = {
    "raises": ("def queue(project):\n    return {}['jobs']", "parts/own.py:2: KeyError: 'jobs'."),
    "raises in a module that it imports": (
        "def queue():\n    from parts.deep import build\n    return build()",
        "parts/deep.py:2: ZeroDivisionError: division by zero.",
    ),
    "several lines": ("def queue():\n    raise ValueError('one\\ntwo.')", "parts/own.py:2: ValueError: one two."),
    "exits": ("import sys\ndef queue():\n    sys.exit(7)", "parts/own.py:3: SystemExit: 7."),
    "an error of ours": (
        "from smtemplates.errors import UsageError\ndef queue():\n    raise UsageError('No queue.')",
        "parts/own.py:3: No queue.",
    ),
    "a syntax error": ("def queue(:\n", "parts/own.py:1: SyntaxError: invalid syntax."),
    "fails on import": ("1 / 0", "parts/own.py:1: ZeroDivisionError: division by zero."),
    "imports a missing module": (
        "import no_such_module",
        "parts/own.py:1: ModuleNotFoundError: No module named 'no_such_module'.",
    ),
    "no construct": ("def queue():\n    return {}", "parts.own:queue returns a dict, not a Construct."),
    "another type": (
        "from smtemplates.templates.workspace.project import Project\ndef queue(storage: Project):\n    return storage",
        "parts.own:queue: argument 'storage' is a Storage, not ",
    ),
    "a name of the table": (
        "def storage():\n    return None",
        "The workspace has a construct storage. Rename the added function.",
    ),
    "a property of troposphere": (
        "from troposphere import sqs\ndef queue():\n    return sqs.Queue('Jobs', DelaySeconds='many')",
        "parts/own.py:3: ",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_error_in_code_of_the_user(write: Write, name: str) -> None:
    """The message has the file and line of the user's code, and is never a traceback."""
    code, expected = WRONG[name]
    function = "storage" if "def storage" in code else "queue"
    project = write(
        f'[template.company]\nfrom = "workspace"\nconstructs = ["parts.own:{function}"]\n',
        {"parts/own.py": code, "parts/deep.py": "def build():\n    return 1 / 0\n"},
    )
    with pytest.raises(UsageError) as caught:
        resolve("company", project)
    (line,) = str(caught.value).splitlines()
    assert line.startswith("smtemplates.toml:3: [template.company] constructs")
    assert expected in line


def test_a_file_with_the_name_of_a_loaded_module(write: Write) -> None:
    """Python cannot import it. The message recommends another name."""
    write("", {"json.py": "def template(): return {}"})
    found = message(write, '[template.company]\nfrom = "json:template"\n')
    assert "from: json.py cannot be imported, because Python has loaded another module json from " in found[0]


def test_the_folder_of_the_file_is_first_on_the_python_path(write: Write) -> None:
    """A module of the project precedes a module of the same name that Python has not loaded yet."""
    project = write(
        '[template.company]\nfrom = "this:template"\n',
        {"this.py": "def template():\n    return {'Resources': {'Topic': {'Type': 'AWS::SNS::Topic'}}}\n"},
    )
    assert resolve("company", project).body["Resources"].keys() == {"Topic"}
