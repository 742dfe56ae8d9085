"""A folder with a configuration file and small templates, and the installed command in it."""

from __future__ import annotations

import subprocess
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

import processes

from deploying.local_aws import ROOT, Aws
from deploying.results import check_result

# A stack whose output is the physical ID of a resource: Suffix replaces the resource, Text updates it.
NETWORK = """\
Parameters:
  Text: {Type: String, Default: one}
  Suffix: {Type: String, Default: x, AllowedPattern: "[a-z]+"}
Resources:
  Place:
    Type: AWS::SSM::Parameter
    Properties: {Type: String, Name: {"Fn::Sub": "/${AWS::StackName}/${Suffix}"}, Value: {Ref: Text}}
Outputs:
  PlaceName: {Value: {Ref: Place}}
  Kind: {Value: constant}
"""
# A stack that needs a value. Changing the name of its queue replaces the queue.
APP = """\
Parameters:
  Place: {Type: String, AllowedPattern: "/.+"}
  Queue: {Type: String, Default: ""}
  Secret: {Type: String, Default: "", NoEcho: true}
  Mode: {Type: String, Default: "on", AllowedValues: ["on", "off"]}
Rules:
  PlaceIsNotElsewhere:
    Assertions:
      - Assert: {"Fn::Not": [{"Fn::Equals": [{Ref: Place}, "/elsewhere"]}]}
        AssertDescription: the place is not elsewhere
  ModeIsOn:
    Assertions:
      - Assert: {"Fn::Equals": [{Ref: Mode}, "on"]}
        AssertDescription: the mode must be on
Resources:
  Note:
    Type: AWS::SSM::Parameter
    Properties:
      Type: String
      Name: {"Fn::Sub": "${Place}/note"}
      Value: {"Fn::Sub": "${Place} ${Queue}"}
Outputs:
  NoteName: {Value: {Ref: Note}}
"""


@dataclass(frozen=True)
class Folder:
    """A folder with a configuration file. Stack names in the file start with `prefix`, which is unique."""

    aws: Aws
    path: Path
    prefix: str

    def write(self, content: str) -> None:
        """Write the configuration file; {p} is the prefix."""
        (self.path / "smtemplates.toml").write_text(content.replace("{p}", self.prefix))

    def environment(self, **variables: str) -> dict[str, str]:
        return {**self.aws.environment, "PYTHONPATH": str(ROOT), **variables}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "smtemplates", *arguments]

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, and validate its JSON."""
        done = processes.run(self.command(*arguments), self.environment(**variables), self.path)
        if "--json" in arguments and '"stacks": [' in done.stdout:
            check_result({"plan": "plans", "deploy": "deployments", "status": "statuses"}[arguments[0]], done.stdout)
        return done

    def start(self, *arguments: str) -> processes.Started:
        return processes.start_command(self.command(*arguments), self.environment(), self.path)


def folder_in(path: Path, aws: Aws) -> Folder:
    """Create the templates in a folder."""
    (path / "network.yaml").write_text(NETWORK)
    (path / "app.yaml").write_text(APP)
    return Folder(aws, path, f"p{uuid.uuid4().hex[:8]}-")
