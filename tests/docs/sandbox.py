"""Run the commands of the documentation in a copy of the checkout, against a local cloud."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import forked
from cloud_cache import share_findings, with_local_cloud
from deploying.local_aws import Aws
from deploying.proxy import serving
from publishing.service_catalog import ServiceCatalog

from docs.text import ROOT, arguments_of
from smtemplates.local_cloud.lifecycle import running

PROMPT = re.compile(r"\[y/N\] \Z|\((\S+)\): \Z")
TIMEOUT_SECONDS = 120
# Compiled modules are copied too, because they are valid in the copy, but not those that another process is writing.
IGNORED = shutil.ignore_patterns(".git", ".venv*", "site", ".*_cache", ".hypothesis", "*.pyc.*", "dist")
PARAMETERS = "ProjectName: churn\nNotebookIdleMinutes: 30\n"
POLICY = "rule described { Description exists }\n"
OWN_TEMPLATE = """
Parameters: {Stage: {Type: String}}
Resources: {Name: {Type: 'AWS::SSM::Parameter', Properties: {Type: String, Value: !Ref Stage}}}
"""
CONFIGURATION = "[template.company]\nfrom = 'workspace'\nkeep = ['ProjectName']\n"
# The stacks in the documentation of several stacks.
STACKS = """
[defaults]
regions = ["us-east-1"]
[stack.network]
template = "network.yaml"
[stack.app]
template = "app.yaml"
parameters = { VpcId = { output = "network.VpcId" } }
"""
STACK_TEMPLATES = {
    "network.yaml": """
Resources: {Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}}
Outputs: {VpcId: {Value: !Ref Vpc}}
""",
    "app.yaml": """
Parameters: {VpcId: {Type: String}}
Resources: {Group: {Type: 'AWS::EC2::SecurityGroup', Properties: {GroupDescription: app, VpcId: !Ref VpcId}}}
""",
}
CATALOG = """
Resources: {Handle: {Type: 'AWS::CloudFormation::WaitConditionHandle'}}
Outputs: {ProductId: {Value: %s}}
"""
# A Terraform state, and the types in it with data that must be copied, or that the local cloud does not have.
ADOPTING = ROOT / "tests" / "adopting"
STATE = ADOPTING / "states" / "workspace.tfstate"
VALUES = ADOPTING / "configuration" / "terraform.tfvars"
MIGRATE = "smtemplates adopt terraform.tfstate --tfvars terraform.tfvars --stack churn-dev -o migration"
NOT_ADOPTED = ("aws_sagemaker_notebook", "aws_sagemaker_domain", "aws_kms", "aws_s3_bucket_server_side")
PRODUCT = "prod-abcdefghijklm"
ENTRY_POINT = "import sys\nfrom smtemplates.cli.main import main\nsys.exit(main())\n"  # as in pyproject.toml


def link_environment(source: Path, target: Path, lock: Path, stamp: str) -> None:
    """Create an environment that shares the libraries of another one, and record that the lock file is installed."""
    target.mkdir()
    for name in ("bin", "lib", "lib64", "npm"):
        if (source / name).exists():
            (target / name).symlink_to(source / name)
    shutil.copy(source / "pyvenv.cfg", target)
    shutil.copy(lock, target / stamp)


@dataclass(frozen=True)
class Sandbox:
    """A copy of the checkout, and a local cloud that its commands call."""

    folder: Path
    aws: Aws
    catalog: ServiceCatalog

    @property
    def exports(self) -> Path:
        """The file with the variables that the commands have exported."""
        return self.folder.with_name("environment")

    @property
    def configuration(self) -> Path:
        return self.folder / "smtemplates.toml"

    def reset(self) -> None:
        """Restore the state after a git clone: no variables, no configuration, no environment for scripts/render.

        The local cloud is installed again, because a command can have removed it.
        """
        with_local_cloud(self.folder.with_name("home") / ".cache")
        self.exports.write_text("")
        self.configuration.unlink(missing_ok=True)
        (self.folder / ".venv" / "render.installed").unlink(missing_ok=True)

    @property
    def environment(self) -> dict[str, str]:
        home, programs = (str(self.folder.with_name(name)) for name in ("home", "bin"))
        own = {"HOME": home, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(self.folder)}
        cloud = {name: value for name, value in self.aws.environment.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return {**cloud, **own, "AWS_ENDPOINT_URL": self.catalog.url, "EXPORTS": str(self.exports)}

    def run(self, command: str) -> tuple[int, str]:
        """Run a command with the exported variables, confirm all its prompts, and return its exit code and output."""
        # with the ID of an account as access key, the local cloud is that account
        account = re.search(r"--account (\d{12})", command)
        key = f"export AWS_ACCESS_KEY_ID={account[1]}\n" if account else ""
        return run(f"{key}{command}", self.folder, self.environment)

    def prepare(self, command: str) -> None:
        """Create the files, buckets, stacks and products that a command needs."""
        if file := re.search(r"--template-file (\S+)", command):
            page = (ROOT / "docs" / "how-to" / "migrate-from-cdk.md").read_text(encoding="utf-8")
            block = re.search(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
            (self.folder / file[1]).write_text(block[1] if block else "")
        if "config check" in command and "--config" not in command:
            self.configuration.write_text(CONFIGURATION)
        if "--config migration/" in command and not (self.folder / "migration").exists():
            self.prepare(MIGRATE)
            self.run(MIGRATE)
        if arguments := arguments_of(command):
            if arguments.command == "adopt":
                self._prepare_migration(arguments)
                return
            if "ci" in arguments and (project := self.folder / arguments.folder).parent == self.folder:
                shutil.rmtree(project, ignore_errors=True)  # init overwrites nothing
            self._write_files(arguments)
            if _selects_several(arguments):
                self._write_stacks()
            else:
                self._create_resources(arguments)

    def _prepare_migration(self, arguments: Namespace) -> None:
        """Write a Terraform state without data that must be copied, and create its buckets and objects."""
        text, buckets = terraform_state()
        (self.folder / arguments.state).write_text(text)
        if arguments.tfvars:
            shutil.copy(VALUES, self.folder / arguments.tfvars)
        if arguments.output:
            shutil.rmtree(self.folder / arguments.output, ignore_errors=True)  # the command overwrites nothing
        for bucket in buckets:
            self.aws.client("s3").create_bucket(Bucket=bucket)

    def _write_files(self, arguments: Namespace) -> None:
        for path in getattr(arguments, "parameters", []):
            (self.folder / path).write_text(PARAMETERS)
        for path in getattr(arguments, "policy", []):
            (self.folder / path).write_text(POLICY)
        for path in getattr(arguments, "files", []):
            shutil.copy(ROOT / "templates" / "network.yaml", self.folder / path)
        if arguments.command == "render" and arguments.file:
            (self.folder / arguments.file).write_text(OWN_TEMPLATE)

    def _write_stacks(self) -> None:
        self.configuration.write_text(STACKS)
        for name, text in STACK_TEMPLATES.items():
            (self.folder / name).write_text(text)

    def _create_resources(self, arguments: Namespace) -> None:
        if bucket := getattr(arguments, "staging_bucket", None):
            self.aws.client("s3").create_bucket(Bucket=bucket)
        if product := getattr(arguments, "product", None):
            self.catalog.products.setdefault(product, [])
        if stack := getattr(arguments, "catalog", None):
            if self.aws.status(stack) is None:
                self.aws.client("cloudformation").create_stack(StackName=stack, TemplateBody=CATALOG % PRODUCT)
            self.catalog.products.setdefault(self.aws.outputs(stack)["ProductId"], [])
        if arguments.__dict__.get("command") in {"destroy", "status", "outputs", "drift"}:
            self._deploy(arguments.stack if "stack" in arguments else arguments.stacks[0])

    def _deploy(self, stack: str) -> None:
        if self.aws.status(stack) is None:
            code, output = self.run(f"scripts/deploy.py deploy {stack} --create-staging-bucket --yes")
            assert code == 0, output


def _selects_several(arguments: Namespace) -> bool:
    """Return whether a command selects several stacks of a configuration file."""
    return getattr(arguments, "all", False) or len(getattr(arguments, "stacks", [])) > 1


def terraform_state() -> tuple[str, list[str]]:
    """Return a Terraform state without data that must be copied, and the names of its buckets."""
    state = json.loads(STATE.read_text(encoding="utf-8"))
    state["resources"] = [each for each in state["resources"] if not each["type"].startswith(NOT_ADOPTED)]
    buckets = [each for each in state["resources"] if each["type"] == "aws_s3_bucket"]
    return json.dumps(state), [each["instances"][0]["attributes"]["bucket"] for each in buckets]


def run(command: str, folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """Run a command at a terminal, confirm all its prompts, and return its exit code and output.

    The variable EXPORTS is the path of a file with the variables and the working directory of the next command.
    """
    text = f'. "$EXPORTS"\ncd "$PWD"\n{command}\ncode=$?; export -p >"$EXPORTS"; exit $code'
    master, slave = pty.openpty()
    try:
        with subprocess.Popen(
            ["/bin/bash", "-c", text],
            cwd=folder,
            env=environment,
            stdin=slave,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process:
            output = _confirm_prompts(process, master)
    finally:
        os.close(master)
        os.close(slave)
    return process.returncode, output


def _confirm_prompts(process: subprocess.Popen[bytes], terminal: int) -> str:
    """Confirm each prompt of a process, and return the output when the process ends."""
    assert process.stdout
    output = ""
    while True:
        if not select.select([process.stdout], [], [], TIMEOUT_SECONDS)[0]:
            process.kill()
            raise AssertionError(f"no output for {TIMEOUT_SECONDS} seconds after:\n{output}")
        chunk = os.read(process.stdout.fileno(), 65536)
        if not chunk:
            return output
        output += chunk.decode()
        if prompt := PROMPT.search(output):
            os.write(terminal, f"{prompt.group(1) or 'y'}\n".encode())


def write_programs(sandbox: Sandbox) -> forked.Server:
    """Write the programs of an active environment, which run in forked processes of the server that is returned."""
    folder, own = sandbox.folder, sandbox.folder / ".venv" / "bin"
    programs = [path.name for path in own.iterdir()]
    own.unlink()
    own.mkdir()
    for name in programs:
        (own / name).symlink_to(Path(sys.prefix) / "bin" / name)
    entry = folder.with_name("entry") / "smtemplates"
    entry.parent.mkdir()
    entry.write_text(ENTRY_POINT)
    variables = {name: sandbox.environment[name] for name in ("PATH", "HOME", "PYTHONPATH")}
    server = forked.Server(own / "python", variables)
    modules = [["-m", "smtemplates"], ["-m", "awscli"]]
    scripts = [[f"scripts/{path.name}"] for path in (folder / "scripts").glob("*.py")]
    server.write_program(own / "python", [], [*modules, *scripts])
    server.write_program(folder.with_name("bin") / "python", [], [*modules, *scripts])
    server.write_program(folder.with_name("bin") / "smtemplates", [entry])
    server.write_program(folder.with_name("bin") / "aws", modules[1])
    return server


@contextmanager
def sandbox(folder: Path) -> Iterator[Sandbox]:
    """Create a sandbox in a folder. At the end, stop the local cloud that its commands started."""
    copy = folder / "smtemplates"
    shutil.copytree(ROOT, copy, ignore=IGNORED)
    (folder / "home").mkdir()
    (folder / "bin").mkdir()
    share_findings(with_local_cloud(folder / "home" / ".cache"))
    locks = copy / "requirements"
    link_environment(Path(sys.prefix), copy / ".venv", locks / "dev.txt", "dev.installed")
    with running() as url, serving(ServiceCatalog(url)) as catalog:
        created = Sandbox(copy, Aws(url), catalog)
        server = write_programs(created)
        try:
            yield created
        finally:
            created.run("scripts/local_cloud.py stop")
            server.stop()
    assert catalog.complaints == []
