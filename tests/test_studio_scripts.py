"""Run the start script of Studio apps with the settings of the template, in a temporary home folder."""

from __future__ import annotations

import base64
import os
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import samples
from machine import NASTY, OFFLINE, App, wheel

import smtemplates
from smtemplates.evaluate import Stack
from smtemplates.synth.loader import load
from smtemplates.templates.workspace import studio_lifecycle as studio_setup

LIFECYCLES = {"StudioLabLifecycle": "JupyterLab", "StudioCodeEditorLifecycle": "CodeEditor"}
QUIET = {"NotebookPackages": "", "NotebookGitRepository": ""}


def studio(template: dict[str, Any], **parameters: str) -> Stack:
    return samples.deployed(template, samples.FEATURES["studio"], QUIET, parameters)


def properties(stack: Stack, name: str) -> dict[str, Any]:
    found: dict[str, Any] = stack.resources[name]["Properties"]
    return found


def script(stack: Stack, lifecycle: str = "StudioLabLifecycle") -> str:
    return base64.b64decode(properties(stack, lifecycle)["StudioLifecycleConfigContent"]).decode()


def start(app: App, stack: Stack, **environment: str) -> None:
    """Start the app with an AWS CLI that prints the settings of the stack."""
    (app.root / "settings").write_text(properties(stack, "StudioSettings")["Value"] + "\n", encoding="utf-8")
    start_again(app, stack, **environment)


def start_again(app: App, stack: Stack, **environment: str) -> None:
    done = app.start(script(stack), **environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# --- the text


@pytest.mark.parametrize("lifecycle", LIFECYCLES)
def test_script_is_clean(template: dict[str, Any], lifecycle: str) -> None:
    """The script has no findings of shellcheck, of any severity, and is within the limit.

    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateStudioLifecycleConfig.html
    """
    stack = studio(template)
    tool = Path(sysconfig.get_path("scripts")) / "shellcheck"
    text = script(stack, lifecycle)
    done = subprocess.run([tool, "--norc", "-"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    assert len(properties(stack, lifecycle)["StudioLifecycleConfigContent"]) <= 16_384


def test_longest_settings_fit_into_a_standard_parameter(template: dict[str, Any]) -> None:
    """With texts of the maximum length, the settings fit into a standard parameter, which is free.

    Source: https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
    """
    assert len(properties(studio(template, **samples.LONGEST), "StudioSettings")["Value"]) <= 4096


def test_every_app_runs_the_script(template: dict[str, Any]) -> None:
    """JupyterLab in private and shared spaces, and Code Editor, run the script as built-in lifecycle configuration."""
    stack = studio(template)
    for name, app in LIFECYCLES.items():
        assert properties(stack, name)["StudioLifecycleConfigAppType"] == app
    raw = template["Resources"]["Domain"]["Properties"]
    built_in = {
        (kind, app): settings["BuiltInLifecycleConfigArn"]["Fn::GetAtt"][0]
        for kind in ("DefaultUserSettings", "DefaultSpaceSettings")
        for app, settings in raw[kind].items()
        if app.endswith("AppSettings")
    }
    assert built_in == {
        ("DefaultUserSettings", "JupyterLabAppSettings"): "StudioLabLifecycle",
        ("DefaultUserSettings", "CodeEditorAppSettings"): "StudioCodeEditorLifecycle",
        ("DefaultSpaceSettings", "JupyterLabAppSettings"): "StudioLabLifecycle",
    }


# --- names


def test_changed_script_gets_a_new_name(template: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A lifecycle configuration cannot be updated, so two scripts with different content have different names."""
    others = {**samples.EVERYTHING, "ProjectName": "churn", "Environment": "prd", "NotebookPackages": "polars"}
    stacks = [studio(template), *(studio(template, **{name: value}) for name, value in others.items())]
    monkeypatch.setattr(studio_setup, "START", "notebook_start.sh")
    stacks.append(studio(load(smtemplates.render(smtemplates.build()))))
    for lifecycle in LIFECYCLES:
        made = [properties(stack, lifecycle) for stack in stacks]
        names = {one["StudioLifecycleConfigName"] for one in made}
        assert len(names) == len({str(sorted(one.items(), key=str)) for one in made}) == 4


def test_settings_change_without_a_new_script(template: dict[str, Any]) -> None:
    """A change of packages, job defaults or key changes the settings, but not the script and the names."""
    plain = studio(template)
    for change in ({"NotebookPackages": "polars"}, {"TrainingInstanceCount": "3"}, samples.KEY):
        stack = studio(template, **change)
        assert properties(stack, "StudioSettings")["Value"] != properties(plain, "StudioSettings")["Value"]
        assert properties(stack, "StudioSettings")["Name"] == properties(plain, "StudioSettings")["Name"]
        assert properties(stack, "StudioLabLifecycle") == properties(plain, "StudioLabLifecycle")


def test_role_can_read_only_the_settings(template: dict[str, Any]) -> None:
    """The script reads the parameter of the stack, and the role can read only this parameter."""
    stack = samples.deployed(template, samples.FEATURES["studio"])
    name = properties(stack, "StudioSettings")["Name"]
    assert f"\nSETTINGS={name}\nREGION=us-east-1\n" in "\n" + script(stack)
    statements = template["Resources"]["StudioPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    (statement,) = [statement for statement in statements if statement.get("Action", [""])[0] == "ssm:GetParameter"]
    assert statement["Action"] == ["ssm:GetParameter"]
    (resource,) = statement["Resource"]
    assert resource["Fn::Sub"][0].endswith(":parameter${Name}")
    assert resource["Fn::Sub"][1] == {"Name": {"Ref": "StudioSettings"}}


# --- start


def test_sdk_defaults_are_updated_on_every_start(template: dict[str, Any], app: App) -> None:
    """Every start writes the current SDK defaults of the stack, which equal the output."""
    for change in ({}, samples.KEY):
        stack = studio(template, **change)
        start(app, stack)
        written = (app.root / "etc/xdg/sagemaker/config.yaml").read_text(encoding="utf-8")
        assert written.strip() == stack.outputs["SageMakerSdkConfig"].strip()
    name = properties(stack, "StudioSettings")["Name"]
    command = f"ssm get-parameter --region us-east-1 --name {name} --query Parameter.Value --output text"
    assert app.calls("aws") == [command] * 2
    assert (app.root / "etc/xdg/sagemaker/config.yaml").stat().st_mode & 0o777 == 0o644


def test_packages_and_repository(template: dict[str, Any], app: App, https: str) -> None:
    """The packages are in a separate kernel that later starts use without a download. The repository is cloned once."""
    stack = studio(template, NotebookPackages="demo", NotebookGitRepository=https)
    trust = {"GIT_SSL_CAINFO": str(app.root / "certificate.pem")}
    start(app, stack, **trust)
    assert app.imports("demo")
    clone = app.home / "team"
    (clone / "mine.txt").write_text("work", encoding="utf-8")
    start(app, stack, **OFFLINE)
    assert app.imports("demo")
    assert (clone / "mine.txt").exists()


@pytest.mark.slow
def test_without_connection_to_systems_manager(template: dict[str, Any], app: App) -> None:
    """Without a connection, a first start has no settings, and a later start uses the previous settings."""
    stack = studio(template, NotebookPackages="demo")
    app.stub("aws", "echo Could not connect >&2; exit 255")
    start_again(app, stack)
    assert not (app.root / "etc/xdg").exists()
    assert "Could not connect" in (app.ours / "fetch_settings.log").read_text(encoding="utf-8")
    app.stub("aws", f"cat {app.root}/settings")
    start(app, stack)
    (app.root / "etc/xdg/sagemaker/config.yaml").unlink()  # only the home of an app is retained
    app.stub("aws", "exit 255")
    start_again(app, stack)
    assert (app.root / "etc/xdg/sagemaker/config.yaml").exists()
    assert app.imports("demo")


def test_slow_service_is_not_awaited(template: dict[str, Any], app: App) -> None:
    """The script limits the time of the AWS CLI to much less than the five minutes of a start."""
    app.stub("timeout", f'echo "$1" >>{app.root}/timeout.log; exit 124')
    start_again(app, studio(template))
    assert app.calls("timeout") == ["30"]


def test_start_does_not_wait_for_downloads(template: dict[str, Any], app: App) -> None:
    """The app starts while downloads still run in the background."""
    os.mkfifo(app.root / "network")
    network = os.open(app.root / "network", os.O_RDWR)
    stack = studio(template, NotebookGitRepository="https://127.0.0.1:9/a.git")
    app.stub("git", f"read -r _ <{app.root}/network; echo done >>{app.root}/finished.log")
    (app.root / "settings").write_text(properties(stack, "StudioSettings")["Value"], encoding="utf-8")
    done, jobs = app.begin(script(stack))
    assert (done.returncode, app.calls("finished")) == (0, [])
    os.write(network, b"\n")
    jobs.read()
    assert app.calls("finished") == ["done"]
    jobs.close()
    os.close(network)


@pytest.mark.slow
@pytest.mark.parametrize("value", [value for value in NASTY if "\n" not in value])
def test_values_are_not_executed(template: dict[str, Any], app: App, value: str) -> None:
    """No part of the settings is executed, including values that the patterns of the parameters reject."""
    start(app, studio(template, NotebookPackages=value, NotebookGitRepository=value, KmsKeyArn=value))
    assert not list(app.root.rglob("PWN"))
    assert (app.ours / "install_packages.log").exists()
    assert (app.ours / "clone_repository.log").exists()


@pytest.mark.slow
@pytest.mark.parametrize("broken", ["sudo", "aws", "mkdir", "timeout", "cat"])
def test_app_starts_if_a_command_fails(template: dict[str, Any], app: App, broken: str) -> None:
    """The script succeeds even if one of its commands fails."""
    wheel(app.root / "mirror", "missing")
    stack = studio(template, NotebookPackages="missing", NotebookGitRepository="https://127.0.0.1:9/a.git")
    (app.root / "settings").write_text(properties(stack, "StudioSettings")["Value"], encoding="utf-8")
    app.stub(broken, "echo broken >&2; exit 1")
    assert app.start(script(stack)).returncode == 0
