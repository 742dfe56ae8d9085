"""Several stacks of a configuration file on the local cloud, with real processes."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from deploying.local_aws import Aws
from deploying.project import Folder, folder_in
from deploying.proxy import Proxy

NETWORK = '[stack.network]\nstack_name = "{p}network"\ntemplate = "./network.yaml"\n'
APP = '[stack.app]\nstack_name = "{p}app"\ntemplate = "./app.yaml"\n'
FREE = '[stack.free]\nstack_name = "{p}free"\ntemplate = "./network.yaml"\n'
PLACE = 'parameters.Place = { output = "network.PlaceName" }\n'
# the order of the file is not the order of dependency
THREE = f'project = "demo"\n{APP}{PLACE}{NETWORK}{FREE}'
NAMES = ("app", "network", "free")


@pytest.fixture
def folder(tmp_path: Path, aws: Aws) -> Folder:
    return folder_in(tmp_path, aws)


def statuses(folder: Folder) -> dict[str, str | None]:
    return {name: folder.aws.status(folder.prefix + name) for name in NAMES}


def deployed(folder: Folder, content: str = THREE) -> None:
    folder.write(content)
    done = folder.run("deploy", "--all", "--yes")
    assert done.returncode == 0, done.stderr


def states(text: str) -> dict[str, str]:
    """Return the result of each stack in the JSON of a deployment."""
    return {one["name"]: one["state"] for one in json.loads(text)["stacks"]}


def test_life_of_dependent_and_independent_stacks(folder: Folder) -> None:
    """Stacks are deployed from an empty cloud in order of dependency, updated, and destroyed in reverse order."""
    folder.write(THREE)
    plan = folder.run("plan", "--all", "--detailed-exitcode")
    assert plan.returncode == 3, plan.stderr
    assert plan.stdout.index("network:") < plan.stdout.index("app:")
    assert "is planned after network" in plan.stdout
    assert "Place = network.PlaceName" in plan.stdout
    assert statuses(folder) == dict.fromkeys(NAMES)

    done = folder.run("deploy", "--all", "--yes", "--json")
    assert (done.returncode, states(done.stdout)) == (0, dict.fromkeys(NAMES, "deployed")), done.stderr
    assert folder.run("outputs", "app").stdout.split() == ["NoteName", f"/{folder.prefix}network/x/note"]
    assert folder.run("plan", "--all", "--detailed-exitcode").returncode == 0

    folder.write(THREE.replace(FREE, f'{FREE}parameters.Text = "two"\n'))
    again = folder.run("deploy", "--all", "--yes", "--json")
    assert states(again.stdout) == {"network": "unchanged", "app": "unchanged", "free": "deployed"}, again.stderr

    names = ",".join(folder.prefix + name for name in NAMES)
    gone = folder.run("destroy", "--all", "--confirm", names)
    assert (gone.returncode, statuses(folder)) == (0, dict.fromkeys(NAMES)), gone.stderr
    lines = gone.stderr.splitlines()
    app, network = (lines.index(f"{name}: Stack {folder.prefix}{name} is deleted.") for name in ("app", "network"))
    assert app < network
    assert folder.run("destroy", "--all", "--confirm", names).returncode == 0


def test_output_that_does_not_change_is_planned_with(folder: Folder) -> None:
    """A stack is planned with the present value of an output if the plan of the other stack does not affect it."""
    deployed(folder)
    folder.write(THREE.replace(NETWORK, f'{NETWORK}parameters.Text = "two"\n'))
    plan = folder.run("plan", "network", "app")
    assert "1 to update" in plan.stdout, plan.stderr
    assert "planned after" not in plan.stdout
    assert f"Stack {folder.prefix}app is up to date" in plan.stdout


@pytest.mark.parametrize("allowed", [["--allow-destructive-resource", "network:Place"], ["--allow-destructive"]])
def test_later_plan_that_destroys_is_rejected(folder: Folder, allowed: list[str]) -> None:
    """A stack whose later plan destroys a resource that was not shown is unchanged; the exit code is 4."""
    deployed(folder)
    folder.write(THREE.replace(NETWORK, f'{NETWORK}parameters.Suffix = "y"\n'))
    before = folder.run("status", "app", "--json").stdout
    done = folder.run("deploy", "--all", "--yes", "--json", *allowed)
    assert done.returncode == 4, done.stderr
    assert states(done.stdout) == {"network": "deployed", "app": "rejected", "free": "unchanged"}
    assert "Note" in json.loads(done.stdout)["stacks"][1]["message"]
    assert folder.run("status", "app", "--json").stdout == before
    assert folder.aws.change_sets(f"{folder.prefix}app") == []
    done = folder.run("deploy", "--all", "--yes", "--json", "--allow-destructive")
    assert (done.returncode, states(done.stdout)["app"]) == (0, "deployed"), done.stderr


def test_rejected_plan_changes_no_stack(folder: Folder) -> None:
    """If one plan destroys a resource without permission, no stack is changed, and no change set remains."""
    deployed(folder)
    text = THREE.replace(NETWORK, f'{NETWORK}parameters.Suffix = "y"\n')
    folder.write(text.replace(FREE, f'{FREE}parameters.Text = "two"\n'))
    done = folder.run("deploy", "--all", "--yes", "--json")
    assert done.returncode == 4, done.stderr
    assert states(done.stdout) == {"network": "rejected", "app": "not started", "free": "not started"}
    assert statuses(folder) == dict.fromkeys(NAMES, "CREATE_COMPLETE")
    assert [folder.aws.change_sets(folder.prefix + name) for name in NAMES] == [[], [], []]


def test_failure_stops_only_the_dependent_stacks(folder: Folder) -> None:
    """After a failure, dependent stacks are not started and listed with the reason, and independent ones finish."""
    sample = Path(__file__).with_name("sample.yaml")
    network = f"{NETWORK.replace('./network.yaml', str(sample))}parameters.Fail = true\n"
    folder.write(f'{APP}parameters.Place = {{ output = "network.BucketName" }}\n{network}{FREE}')
    done = folder.run("deploy", "--all", "--yes", "--json")
    assert done.returncode == 1, done.stderr
    assert states(done.stdout) == {"network": "failed", "app": "not started", "free": "deployed"}
    found = {one["name"]: one["message"] for one in json.loads(done.stdout)["stacks"]}
    assert "asked to fail" in found["network"]
    assert found["app"] == "It was not started, because network failed or was not started."
    assert statuses(folder) == {"app": None, "network": "ROLLBACK_COMPLETE", "free": "CREATE_COMPLETE"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_interruption_cancels_all_operations(
    folder: Folder, through: Aws, proxy: Proxy, name: str, gate: Callable[[], None], number: signal.Signals
) -> None:
    """After a signal, no other stack is started, and every operation in progress is cancelled without a question."""
    sample = str(Path(__file__).with_name("sample.yaml"))
    waits = f'parameters.Gate = "gate-{name.lower()}"\n'
    first, second = (text.replace("./network.yaml", sample) + waits for text in (NETWORK, FREE))
    folder = replace(folder, aws=through)
    folder.write(f'{APP}parameters.Place = {{ output = "network.BucketName" }}\n{first}{second}')
    process = folder.start("deploy", "--all", "--yes", "--json")
    running = ("network", "free")
    while any(folder.aws.status(folder.prefix + one) != "CREATE_IN_PROGRESS" for one in running):
        assert process.poll() is None, process.communicate()
    process.send_signal(number)
    while proxy.calls.count("DeleteStack") < len(running):
        assert process.poll() is None, process.communicate()
        folder.aws.status(folder.prefix + "app")
    gate()
    output, messages = process.communicate(timeout=120)
    assert process.returncode == 130, messages
    assert states(output) == {"network": "stopped", "app": "not started", "free": "stopped"}
    assert statuses(folder) == dict.fromkeys(NAMES)
    assert "Traceback" not in messages


def test_interruption_during_planning(folder: Folder, through: Aws, proxy: Proxy) -> None:
    """A signal before the question leaves neither stacks nor change sets."""
    folder = replace(folder, aws=through)
    folder.write(THREE)
    proxy.hold("DescribeChangeSet")
    process = folder.start("deploy", "--all", "--yes")
    assert proxy.arrived.wait(60), process.communicate()
    process.send_signal(signal.SIGTERM)
    proxy.release()
    output, messages = process.communicate(timeout=120)
    assert (process.returncode, statuses(folder)) == (130, dict.fromkeys(NAMES)), messages
    assert output.count("not started") == len(NAMES)


def test_cycle_is_rejected_before_any_call(folder: Folder, through: Aws, proxy: Proxy) -> None:
    """Stacks that need each other are rejected with the path of the cycle."""
    folder = replace(folder, aws=through)
    app = f"{APP}{PLACE}"
    folder.write(f'{app}{NETWORK}parameters.Text = {{ output = "app.NoteName" }}\n')
    for command in (("plan", "--all"), ("deploy", "--all", "--yes"), ("destroy", "--all", "--confirm", "app")):
        done = folder.run(*command)
        assert done.returncode == 2, done.stdout
        assert "app -> network -> app" in done.stderr
    assert proxy.calls == []


def test_wrong_account_is_rejected_before_any_other_call(folder: Folder, through: Aws, proxy: Proxy) -> None:
    """Credentials of another account are rejected with a clear message."""
    folder = replace(folder, aws=through)
    folder.write(f'[defaults]\naccount = "111122223333"\n{THREE.partition(chr(10))[2]}')
    for command in (("plan", "--all"), ("deploy", "app", "--yes"), ("status", "--all"), ("outputs", "app")):
        done = folder.run(*command)
        assert done.returncode == 2, done.stdout
        assert "belong to account 000000000000, but stack" in done.stderr
    assert set(proxy.calls) == {"GetCallerIdentity"}


def test_account_of_a_stack_that_is_only_read(folder: Folder, through: Aws, proxy: Proxy) -> None:
    """An output is not read in an account in which its stack must not be."""
    folder = replace(folder, aws=through)
    account = 'account = "111122223333"\n'
    reference = PLACE.replace('"network.PlaceName"', '"network.PlaceName", account = "111122223333"')
    folder.write(f"{APP}{reference}{NETWORK}{account}")
    for command in (("plan", "app"), ("deploy", "app", "--yes")):
        done = folder.run(*command)
        assert (done.returncode, "but stack network must be in account 111122223333" in done.stderr) == (2, True)
    assert set(proxy.calls) == {"GetCallerIdentity"}


def test_stack_of_another_project(folder: Folder) -> None:
    """A plan reports a stack of another project, and destroy --all is rejected without a deletion."""
    deployed(folder, THREE.replace('"demo"', '"other"'))
    folder.write(THREE)
    assert "belongs to project other (tag smtemplates:project), not to demo" in folder.run("plan", "--all").stderr
    done = folder.run("destroy", "--all", "--confirm", ",".join(folder.prefix + name for name in NAMES))
    assert (done.returncode, "--no-config" in done.stderr) == (4, True), done.stderr
    assert statuses(folder) == dict.fromkeys(NAMES, "CREATE_COMPLETE")


def test_several_regions_are_one_stack_in_each(folder: Folder) -> None:
    """A stack with two Regions is created in both, and a stack that needs it uses the output of its own Region."""
    both = ("eu-west-1", "us-east-1")
    regions = f"regions = {json.dumps(both)}\n"
    text = f"{APP}{regions}{PLACE}{NETWORK}{regions}"
    folder.write(text)
    done = folder.run("deploy", "--all", "--yes", "--json")
    assert done.returncode == 0, done.stderr
    assert [one["region"] for one in json.loads(done.stdout)["stacks"]].count("eu-west-1") == 2
    assert set(states(done.stdout)) == {
        f"{name}@{region}" for name in NAMES[:2] for region in ("eu-west-1", "us-east-1")
    }
    assert folder.run("outputs", "app").returncode == 2
    assert folder.run("outputs", "app", "--region", "eu-west-1").returncode == 0
    folder.write(text.replace("PlaceName", 'PlaceName", region = "eu-west-3'))
    wrong = folder.run("plan", "--all")
    assert (wrong.returncode, "is not in the Region eu-west-3" in wrong.stderr) == (2, True), wrong.stderr


def test_regions_of_the_command_line_replace_those_of_the_file(folder: Folder) -> None:
    """--region with several Regions plans one stack in each, and a command for one stack needs one of them."""
    folder.write(f"{APP}{PLACE}{NETWORK}regions = ['eu-west-3']\n")
    both = ["--region", "eu-west-1,us-east-1"]
    planned = folder.run("plan", "app", "network", "--json", *both)
    assert planned.returncode == 0, planned.stderr
    found = [(one["name"], one["region"]) for one in json.loads(planned.stdout)["stacks"]]
    assert sorted(found) == [(f"{name}@{region}", region) for name in NAMES[:2] for region in both[1].split(",")]
    for command in ("outputs", "drift"):
        refused = folder.run(command, "network", *both)
        assert (refused.returncode, "several Regions: eu-west-1, us-east-1" in refused.stderr) == (2, True)
    wrong = folder.run("plan", "network", "--region", "eu-west1")
    assert (wrong.returncode, "There is no Region 'eu-west1'" in wrong.stderr) == (2, True)


def test_status_lists_stacks_that_the_file_no_longer_names(folder: Folder) -> None:
    """A stack that was removed from the file is listed by status --all, and destroy --all does not delete it."""
    project = THREE.replace('"demo"', '"{p}demo"')
    deployed(folder, project)
    again = folder.run("deploy", "free", "--yes")
    assert (again.returncode, again.stderr.splitlines()[-1]) == (
        0,
        f"No change. Stack {folder.prefix}free is up to date.",
    )
    near = folder.run("status", f"{folder.prefix}fre", "--no-config")
    assert f"Stack {folder.prefix}fre does not exist in us-east-1; did you mean {folder.prefix}free?" in near.stderr
    folder.write(project.replace(FREE, ""))
    found = json.loads(folder.run("status", "--all", "--json").stdout)
    assert [one["stack"] for one in found["orphans"]] == [f"{folder.prefix}free"]
    assert "(not in the file)" in folder.run("status", "--all").stdout
    done = folder.run("destroy", "--all", "--confirm", f"{folder.prefix}app,{folder.prefix}network")
    assert done.returncode == 0, done.stderr
    assert statuses(folder) == {"app": None, "network": None, "free": "CREATE_COMPLETE"}
    assert folder.run("destroy", f"{folder.prefix}free", "--confirm", f"{folder.prefix}free").returncode == 2
    name = f"{folder.prefix}free"
    assert folder.run("destroy", name, "--confirm", name, "--no-config").returncode == 0


def test_destroy_names_the_stacks_that_use_what_it_deletes(folder: Folder) -> None:
    """A stack that the file no longer names can use an output of a stack that is destroyed. A warning precedes this."""
    project = THREE.replace('"demo"', '"{p}demo"')
    deployed(folder, project)
    folder.write(project.replace(f"{APP}{PLACE}", ""))
    done = folder.run("destroy", "--all", "--confirm", "no")
    warnings = [line for line in done.stderr.splitlines() if line.startswith("Warning")]
    user, producer = f"{folder.prefix}app", f"{folder.prefix}network"
    used = f"outputs of stack {producer} that name deleted resources: PlaceName (parameter Place)."
    assert warnings == [f"Warning: stack {user} in us-east-1 is not deleted, and uses {used}"]


def test_destruction_requires_the_names_of_all_stacks(folder: Folder) -> None:
    """Without all names, nothing is deleted: a stack that was added to the file since is not deleted by accident."""
    deployed(folder)
    for names in ("app,network", "demo", ",".join([*(folder.prefix + name for name in NAMES), "other"])):
        done = folder.run("destroy", "--all", "--confirm", names)
        assert done.returncode == 4, done.stderr
        assert "were not confirmed" in done.stderr
    assert statuses(folder) == dict.fromkeys(NAMES, "CREATE_COMPLETE")


def test_offline_check_of_a_stack_that_is_planned_later(folder: Folder) -> None:
    """Rules that do not need the unknown value are checked before anything is deployed."""
    folder.write(THREE.replace(PLACE, f'{PLACE}parameters.Mode = "off"\n'))
    done = folder.run("deploy", "--all", "--yes")
    assert done.returncode == 2, done.stdout
    assert "the mode must be on" in done.stdout
    assert statuses(folder) == dict.fromkeys(NAMES)


def test_unknown_names_are_reported_with_the_nearest(folder: Folder) -> None:
    """A stack or an output that does not exist is reported with the nearest name."""
    folder.write(THREE.replace("network.PlaceName", "network.PlaceNam"))
    done = folder.run("plan", "--all")
    assert (done.returncode, "did you mean PlaceName?" in done.stderr) == (2, True), done.stderr
    done = folder.run("plan", "netwrk")
    assert (done.returncode, "did you mean network?" in done.stderr) == (2, True), done.stderr
    done = folder.run("plan", "netwrk", "--template", "./network.yaml")
    assert done.returncode == 0, done.stderr


def test_output_of_a_stack_that_is_not_deployed(folder: Folder) -> None:
    """A stack alone is not planned without the stack that it needs, and the message contains the command."""
    folder.write(THREE)
    done = folder.run("plan", "app")
    assert done.returncode == 1
    assert "smtemplates deploy network app" in done.stderr


def test_secret_of_the_environment_is_not_shown(folder: Folder) -> None:
    """The value of a NoEcho parameter comes from the environment and is masked everywhere."""
    value = "correct-horse-battery"
    folder.write(f'{APP}parameters.Place = "/here"\nparameters.Secret = {{ env = "APP_SECRET" }}\n')
    done = folder.run("plan", "app")
    assert (done.returncode, "APP_SECRET is not set" in done.stderr) == (2, True), done.stderr
    for command in (("plan", "--all", "--json"), ("deploy", "--all", "--yes", "--json"), ("status", "app", "--json")):
        done = folder.run(*command, APP_SECRET=value)
        assert done.returncode == 0, done.stderr
        assert value not in done.stdout + done.stderr


def test_value_of_systems_manager(folder: Folder) -> None:
    """A value of Systems Manager is read for the plan, checked, and a new value is a change."""
    ssm = folder.aws.client("ssm")
    name = f"/{folder.prefix}place"
    ssm.put_parameter(Name=name, Value="/first", Type="String")
    folder.write(f'{APP}parameters.Place = {{ ssm = "{name}" }}\n')
    assert folder.run("deploy", "app", "--yes").returncode == 0
    assert folder.aws.outputs(f"{folder.prefix}app") == {"NoteName": "/first/note"}
    assert folder.run("plan", "--all", "--detailed-exitcode").returncode == 0
    ssm.put_parameter(Name=name, Value="/second", Type="String", Overwrite=True)
    assert folder.run("plan", "--all", "--detailed-exitcode").returncode == 3
    ssm.put_parameter(Name=name, Value="wrong", Type="String", Overwrite=True)
    assert folder.run("plan", "--all").returncode == 2


def test_options_for_one_stack_are_rejected_for_several(folder: Folder) -> None:
    """An option whose meaning is not clear for several stacks is rejected."""
    folder.write(THREE)
    done = folder.run("deploy", "--all", "--yes", "--set", "Text=two", "--no-wait")
    assert (done.returncode, "--set, --no-wait can be used with one stack only" in done.stderr) == (2, True)
    done = folder.run("deploy", "--all", "--yes", "--template", "./network.yaml")
    assert (done.returncode, "--template replaces the template of one stack" in done.stderr) == (2, True)


def test_stack_that_imports_an_export_is_destroyed_first(folder: Folder) -> None:
    """A stack is destroyed after the stacks that import its exports; an importer outside the file prevents it."""
    text = (folder.path / "network.yaml").read_text()
    export = "PlaceName: {Value: {Ref: Place}, Export: {Name: {Ref: AWS::StackName}}}"
    (folder.path / "network.yaml").write_text(text.replace("PlaceName: {Value: {Ref: Place}}", export))
    app = (folder.path / "app.yaml").read_text()
    imported = f'Value: {{"Fn::ImportValue": {folder.prefix}network}}'
    (folder.path / "app.yaml").write_text(app.replace('Value: {"Fn::Sub": "${Place} ${Queue}"}', imported))
    folder.write(f'{APP}parameters.Place = "/{folder.prefix}here"\n{NETWORK}')
    for name in ("network", "app"):
        done = folder.run("deploy", name, "--yes")
        assert done.returncode == 0, done.stderr
    names = [f"{folder.prefix}app", f"{folder.prefix}network"]
    folder.write(NETWORK)
    done = folder.run("destroy", "--all", "--confirm", names[1])
    assert (done.returncode, f"Stack {names[0]} imports" in done.stderr) == (1, True), done.stderr
    assert folder.aws.status(names[1]) == "CREATE_COMPLETE"
    folder.write(f'{NETWORK}{APP}parameters.Place = "/{folder.prefix}here"\n')
    done = folder.run("destroy", "--all", "--confirm", ",".join(names))
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    assert lines.index(f"app: Stack {names[0]} is deleted.") < lines.index(f"network: Stack {names[1]} is deleted.")


def test_config_check_finds_cycles_and_missing_outputs(folder: Folder) -> None:
    """The offline check reports stacks that need each other, and outputs that no template has."""
    folder.write(
        f'{APP}{PLACE.replace("PlaceName", "PlaceNam")}{NETWORK}parameters.Text = {{ output = "app.NoteName" }}\n'
    )
    done = folder.run("config", "check")
    assert done.returncode == 2, done.stderr
    assert "did you mean PlaceName?" in done.stderr
    assert "app -> network -> app" in done.stderr
