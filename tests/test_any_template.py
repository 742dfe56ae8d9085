"""No value in a template causes a traceback: every name of the package, and every command that reads templates."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from any_template import templates, texts
from hypothesis import HealthCheck, example, given, settings

import smtemplates
from smtemplates.cli.main import main
from smtemplates.errors import Error
from smtemplates.evaluate import (
    Stack,
    check_parameters,
    covering,
    dangling,
    edges,
    possible,
    references,
)
from smtemplates.synth.loader import load

ROOT = Path(__file__).parent.parent
ANY = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
FEW = settings(ANY, max_examples=15)
URL = "https://bucket.s3.eu-west-1.amazonaws.com/template.json"
REFUSAL = (
    b'<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type>'
    b"<Code>ValidationError</Code><Message>Stack with id team does not exist</Message></Error></ErrorResponse>"
)


def _evaluate(template: dict[str, Any]) -> None:
    """Use everything that a stack can tell."""
    stack = Stack(template)
    assert all(isinstance(sentence, str) for sentence in stack.rules())
    assert stack.exists("B") in {True, False}
    resources, errors = stack.evaluated
    assert not resources.keys() & errors.keys()
    assert stack.decided.items() <= stack.conditions.items()
    assert set(stack.template()["Resources"]) == set(stack.resources)
    assert stack.outputs is not None


USES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "Stack": _evaluate,
    "check_parameters": lambda template: check_parameters(template, {"P": "b", "L": "a", "N": "3", "Unknown": "1"}),
    "defaults": lambda template: check_parameters(template, {}),
    "covering": covering,
    "possible": possible,
    "dangling": dangling,
    "edges": lambda template: list(edges(template)),
    "references": lambda template: list(references(template)),
}


def _one_sentence(use: Callable[[], Any]) -> None:
    sentence = "a result"
    try:
        use()
    except Error as error:
        sentence = str(error)
    assert sentence.strip()
    assert "\n" not in sentence


@pytest.mark.parametrize("name", USES)
@ANY
@given(template=templates())
@example(template={"Parameters": {"P": {"Type": "CommaDelimitedList", "Default": ["a", "b"]}}, "Resources": {}})
@example(template={"Parameters": {"N": {"Type": "Number", "MinValue": "nan", "Default": 1}}})
@example(template={"Metadata": "text", "Resources": {"B": {"Type": "AWS::S3::Bucket", "Properties": None}}})
@example(template={"Conditions": None, "Outputs": [], "Rules": 3, "Resources": {"B": {"Type": "AWS::S3::Bucket"}}})
@example(template={"Conditions": {"C": {"Condition": "D"}, "D": {"Condition": "C"}}})
@example(template={"Outputs": {"O": {"Value": {"Fn::Sub": 5}}, "Q": {"Value": {"Ref": ["a"]}}, "Fn::Join": [1, 2]}})
@example(template={"Resources": {"B": {"Type": "T", "Condition": ["C"], "DependsOn": {"a": 1}}}})
def test_the_evaluator_accepts_any_template(name: str, template: dict[str, Any]) -> None:
    """Each function of the evaluator has a result, or an error of one sentence."""
    _one_sentence(lambda: USES[name](template))


def test_deep_values_are_reported() -> None:
    """Values that are nested too deeply for Python lead to an error of one sentence."""
    value: Any = "x"
    for _ in range(sys.getrecursionlimit() * 3):
        value = {"Fn::Base64": value}
    template = {"Conditions": {"C": {"Fn::Equals": [value, "x"]}}, "Resources": {"B": {"Type": "T", "P": value}}}
    for use in USES.values():
        _one_sentence(lambda use=use: use(template))  # type: ignore[misc]  # mypy does not infer the default


@ANY
@given(text=texts())
def test_the_policy_check_accepts_any_template(text: str) -> None:
    """Every text that can be loaded is checked: the result is findings, and parts that were not evaluated."""
    try:
        load(text)
    except Error:
        return
    for finding in smtemplates.check_policy(text, cache=False):
        assert "\n" not in str(finding)
        assert bool(finding.subject) != finding.evaluated


@pytest.mark.slow
@FEW
@given(text=texts())
def test_lint_accepts_any_text(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """`lint` exits with 0, 1 or 2 for any template."""
    file = tmp_path_factory.mktemp("lint") / "t.yaml"
    file.write_text(text, encoding="utf-8")
    assert main(["lint", "--no-cache", str(file)]) in {0, 1, 2}


@FEW
@given(text=texts())
def test_links_accept_any_template(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """`publish link` exits with 0 or 2 for any template."""
    file = tmp_path_factory.mktemp("link") / "t.yaml"
    file.write_text(text, encoding="utf-8")
    words = ["link", "--template", str(file), "--template-url", URL, "--region", "eu-west-1", "--set", "P=b"]
    assert main(["publish", *words]) in {0, 2}


class _Refuses(BaseHTTPRequestHandler):
    """Answers each call with the error of CloudFormation for a missing stack."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(400)
        self.send_header("Content-Length", str(len(REFUSAL)))
        self.end_headers()
        self.wfile.write(REFUSAL)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Refuses)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.server
@pytest.mark.parametrize("command", ["plan", "deploy"])
@FEW
@given(text=texts())
def test_the_deployer_accepts_any_template(
    tmp_path_factory: pytest.TempPathFactory, endpoint: str, command: str, text: str
) -> None:
    """`plan` and `deploy` report the error that AWS returns for any template, or reject it as bad input."""
    file = tmp_path_factory.mktemp("plan") / "t.yaml"
    file.write_text(text, encoding="utf-8")
    words = [command, "team", "--template", str(file), "--endpoint-url", endpoint, "--region", "us-east-1"]
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", "test")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "test")
        assert main([*words, *(["--yes"] if command == "deploy" else [])]) in {1, 2}
