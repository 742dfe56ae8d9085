"""What Studio's apps do when they start: the template's own script and settings, run for real under their own home."""

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
    """Start the app; its AWS CLI answers with the stack's settings, as text output does."""
    (app.root / "settings").write_text(properties(stack, "StudioSettings")["Value"] + "\n", encoding="utf-8")
    again(app, stack, **environment)


def again(app: App, stack: Stack, **environment: str) -> None:
    done = app.start(script(stack), **environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# --- the text


@pytest.mark.parametrize("lifecycle", LIFECYCLES)
def test_script_is_clean(template: dict[str, Any], lifecycle: str) -> None:
    """As Studio gets it, the script has no finding of shellcheck, of any severity, and fits.

    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateStudioLifecycleConfig.html
    """
    stack = studio(template)
    tool = Path(sysconfig.get_path("scripts")) / "shellcheck"
    text = script(stack, lifecycle)
    done = subprocess.run([tool, "--norc", "-"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    assert len(properties(stack, lifecycle)["StudioLifecycleConfigContent"]) <= 16_384


def test_settings_fit_whatever_the_parameters_hold(template: dict[str, Any]) -> None:
    """With every text as long as its parameter allows the settings fit into a standard parameter, which is free.

    Source: https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
    """
    assert len(properties(studio(template, **samples.LONGEST), "StudioSettings")["Value"]) <= 4096


def test_every_app_starts_so(template: dict[str, Any]) -> None:
    """JupyterLab in private and in shared spaces, and Code Editor, run it before anything of their users."""
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


# --- the name


def test_new_content_has_a_new_name(template: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A lifecycle configuration cannot change: no parameter, and no new version, gives one name another content."""
    others = {**samples.EVERYTHING, "ProjectName": "churn", "Environment": "prd", "NotebookPackages": "polars"}
    stacks = [studio(template), *(studio(template, **{name: value}) for name, value in others.items())]
    monkeypatch.setattr(studio_setup, "START", "notebook_start.sh")
    stacks.append(studio(load(smtemplates.render(smtemplates.build()))))
    for lifecycle in LIFECYCLES:
        made = [properties(stack, lifecycle) for stack in stacks]
        names = {one["StudioLifecycleConfigName"] for one in made}
        assert len(names) == len({str(sorted(one.items(), key=str)) for one in made}) == 4


def test_settings_change_freely(template: dict[str, Any]) -> None:
    """Other packages, another repository or another key are there on the next start, with the same script."""
    plain = studio(template)
    for change in ({"NotebookPackages": "polars"}, {"TrainingInstanceCount": "3"}, samples.KEY):
        stack = studio(template, **change)
        assert properties(stack, "StudioSettings")["Value"] != properties(plain, "StudioSettings")["Value"]
        assert properties(stack, "StudioSettings")["Name"] == properties(plain, "StudioSettings")["Name"]
        assert properties(stack, "StudioLabLifecycle") == properties(plain, "StudioLabLifecycle")


def test_apps_may_read_exactly_their_settings(template: dict[str, Any]) -> None:
    """The script asks for the parameter that the stack makes, and the role may read that and no other."""
    stack = samples.deployed(template, samples.FEATURES["studio"])
    name = properties(stack, "StudioSettings")["Name"]
    assert f"\nSETTINGS={name}\nREGION=us-east-1\n" in "\n" + script(stack)
    statements = template["Resources"]["StudioPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    (statement,) = [statement for statement in statements if "Parameter" in statement["Action"][0]]
    assert statement["Action"] == ["ssm:GetParameter"]
    (resource,) = statement["Resource"]
    assert resource["Fn::Sub"][0].endswith(":parameter${Name}")
    assert resource["Fn::Sub"][1] == {"Name": {"Ref": "StudioSettings"}}


# --- what it does


def test_sdk_defaults_are_where_the_sdk_reads_them(template: dict[str, Any], app: App) -> None:
    """On every start the SDK's defaults are those of the stack now, and the same as the output's."""
    for change in ({}, samples.KEY):
        stack = studio(template, **change)
        start(app, stack)
        written = (app.root / "etc/xdg/sagemaker/config.yaml").read_text(encoding="utf-8")
        assert written.strip() == stack.outputs["SageMakerSdkConfig"].strip()
    name = properties(stack, "StudioSettings")["Name"]
    command = f"ssm get-parameter --region us-east-1 --name {name} --query Parameter.Value --output text"
    assert app.told("aws") == [command] * 2
    assert (app.root / "etc/xdg/sagemaker/config.yaml").stat().st_mode & 0o777 == 0o644


def test_packages_and_repository(template: dict[str, Any], app: App, https: str) -> None:
    """The packages are in a kernel of their own that later starts find at once; the repository is cloned once."""
    stack = studio(template, NotebookPackages="demo", NotebookGitRepository=https)
    trust = {"GIT_SSL_CAINFO": str(app.root / "certificate.pem")}
    start(app, stack, **trust)
    assert app.imports("demo")
    clone = app.home / "team"
    (clone / "mine.txt").write_text("work", encoding="utf-8")
    start(app, stack, **OFFLINE)
    assert app.imports("demo")
    assert (clone / "mine.txt").exists()


def test_without_a_way_to_systems_manager(template: dict[str, Any], app: App) -> None:
    """An app starts without settings; later, without that way, with those it had last."""
    stack = studio(template, NotebookPackages="demo")
    app.stub("aws", "echo Could not connect >&2; exit 255")
    again(app, stack)
    assert not (app.root / "etc/xdg").exists()
    assert "Could not connect" in (app.ours / "fetch_settings.log").read_text(encoding="utf-8")
    app.stub("aws", f"cat {app.root}/settings")
    start(app, stack)
    (app.root / "etc/xdg/sagemaker/config.yaml").unlink()  # only the home outlives an app
    app.stub("aws", "exit 255")
    again(app, stack)
    assert (app.root / "etc/xdg/sagemaker/config.yaml").exists()
    assert app.imports("demo")


def test_a_slow_service_is_given_up(template: dict[str, Any], app: App) -> None:
    """The script hands the AWS CLI to a time limit far below the five minutes that an app has to start."""
    app.stub("timeout", f'echo "$1" >>{app.root}/timeout.log; exit 124')
    again(app, studio(template))
    assert app.told("timeout") == ["30"]


def test_start_does_not_wait_for_downloads(template: dict[str, Any], app: App) -> None:
    """The app is up while packages are still being fetched."""
    os.mkfifo(app.root / "network")
    network = os.open(app.root / "network", os.O_RDWR)
    stack = studio(template, NotebookGitRepository="https://127.0.0.1:9/a.git")
    app.stub("git", f"read -r _ <{app.root}/network; echo done >>{app.root}/finished.log")
    (app.root / "settings").write_text(properties(stack, "StudioSettings")["Value"], encoding="utf-8")
    done, jobs = app.begin(script(stack))
    assert (done.returncode, app.told("finished")) == (0, [])
    os.write(network, b"\n")
    jobs.read()
    assert app.told("finished") == ["done"]
    jobs.close()
    os.close(network)


@pytest.mark.parametrize("value", [value for value in NASTY if "\n" not in value])
def test_no_value_is_code(template: dict[str, Any], app: App, value: str) -> None:
    """Nothing that stands in the settings is run, not even what the parameters' patterns would refuse."""
    start(app, studio(template, NotebookPackages=value, NotebookGitRepository=value, KmsKeyArn=value))
    assert not list(app.root.rglob("PWN"))
    assert (app.ours / "install_packages.log").exists()
    assert (app.ours / "clone_repository.log").exists()


@pytest.mark.parametrize("broken", ["sudo", "aws", "mkdir", "timeout", "cat"])
def test_nothing_keeps_the_app_from_starting(template: dict[str, Any], app: App, broken: str) -> None:
    """The script succeeds although a command of its own fails."""
    wheel(app.root / "mirror", "missing")
    stack = studio(template, NotebookPackages="missing", NotebookGitRepository="https://127.0.0.1:9/a.git")
    (app.root / "settings").write_text(properties(stack, "StudioSettings")["Value"], encoding="utf-8")
    app.stub(broken, "echo broken >&2; exit 1")
    assert app.start(script(stack)).returncode == 0
