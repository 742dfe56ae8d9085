"""Keep the parts of the README's picture: frames, boxes with their icons, and arrows, each with its place in pixels."""

from __future__ import annotations

from dataclasses import dataclass

Point = tuple[int, int]
# Icons as paths in a square of 28 pixels.
PERSON = "M14 3 a5 5 0 1 0 .1 0 M4 26 a10 10 0 0 1 20 0"
APPLICATION = "M3 5 h22 v14 h-22 z M14 19 v5 M8 25 h12"
ENVELOPE = "M3 6 h22 v16 h-22 z M3 7 l11 9 l11 -9"
NOTEBOOK = "M6 3 h17 v22 h-17 z M10 3 v22 M14 9 h6 M14 14 h6"
WINDOW = "M3 4 h22 v20 h-22 z M3 10 h22 M8 15 l3 3 l-3 3 M14 21 h6"
PLAY = "M14 2 a12 12 0 1 0 .1 0 M11 9 l8 5 l-8 5 z"
BUCKET = "M4 6 h20 l-3 19 h-14 z M4 6 a10 3 0 0 0 20 0"
LAYERS = "M14 3 l11 5 l-11 5 l-11 -5 z M3 14 l11 5 l11 -5 M3 20 l11 5 l11 -5"
TARGET = "M14 2 a12 12 0 1 0 .1 0 M14 9 a5 5 0 1 0 .1 0"
CHART = "M3 3 v22 h22 M8 20 v-6 M14 20 v-12 M20 20 v-9"
SPEAKER = "M4 11 h5 l9 -7 v20 l-9 -7 h-5 z M22 9 a7 7 0 0 1 0 10"
SHIELD = "M14 3 l10 4 v7 a12 12 0 0 1 -10 11 a12 12 0 0 1 -10 -11 v-7 z M9 14 l4 4 l7 -8"
KEY = "M9 8 a6 6 0 1 0 .1 0 M15 14 h11 M21 14 v5 M26 14 v4"
FLASK = "M11 3 v8 l-7 13 h20 l-7 -13 v-8 M9 3 h10 M7 19 h14"


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A border around other parts, with a title in its corner."""

    title: str
    kind: str
    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, kw_only=True)
class Node:
    """A service, person or program: the AWS name, its use in the workspace, an icon, and its place."""

    name: str
    title: str
    text: str
    icon: str
    kind: str
    left: int
    top: int
    width: int = 206
    height: int = 54
    optional: bool = False
    boxed: bool = True


@dataclass(frozen=True, kw_only=True)
class Arrow:
    """A line from one part to another through points, with a text at its place."""

    start: str
    end: str
    points: tuple[Point, ...]
    text: str = ""
    place: Point = (0, 0)


FRAMES = (
    Frame(title="AWS account", kind="account", left=140, top=14, width=806, height=572),
    Frame(title="VPC (optional)", kind="vpc optional", left=160, top=52, width=452, height=326),
)
_LEFT, _MIDDLE, _RIGHT = 176, 408, 726


def _outside(name: str, title: str, icon: str, top: int) -> Node:
    return Node(name=name, title=title, text="", icon=icon, kind="", left=20, top=top, width=96, boxed=False)


NODES = (
    _outside("team", "Team", PERSON, 138),
    _outside("application", "Application", APPLICATION, 293),
    _outside("email", "Email", ENVELOPE, 463),
    Node(
        name="notebook",
        title="SageMaker AI",
        text="Notebook instance",
        icon=NOTEBOOK,
        kind="learning",
        left=_LEFT,
        top=92,
        width=190,
        optional=True,
    ),
    Node(
        name="studio",
        title="SageMaker Studio",
        text="Domain, user profiles",
        icon=WINDOW,
        kind="learning",
        left=_LEFT,
        top=192,
        width=190,
        optional=True,
    ),
    Node(
        name="jobs",
        title="SageMaker AI",
        text="Jobs and pipelines",
        icon=PLAY,
        kind="learning",
        left=_MIDDLE,
        top=142,
        width=190,
    ),
    Node(
        name="endpoint",
        title="SageMaker AI",
        text="Endpoint",
        icon=TARGET,
        kind="learning",
        left=_MIDDLE,
        top=300,
        width=190,
        optional=True,
    ),
    Node(name="input", title="Amazon S3", text="Input bucket", icon=BUCKET, kind="storage", left=_RIGHT, top=60),
    Node(name="output", title="Amazon S3", text="Output bucket", icon=BUCKET, kind="storage", left=_RIGHT, top=142),
    Node(name="models", title="Amazon S3", text="Model bucket", icon=BUCKET, kind="storage", left=_RIGHT, top=224),
    Node(
        name="registry",
        title="SageMaker AI",
        text="Model registry",
        icon=LAYERS,
        kind="learning",
        left=_RIGHT,
        top=300,
        optional=True,
    ),
    Node(
        name="mlflow",
        title="SageMaker AI",
        text="MLflow: experiments",
        icon=FLASK,
        kind="learning",
        left=_RIGHT,
        top=372,
        optional=True,
    ),
    Node(name="role", title="AWS IAM", text="Execution role", icon=SHIELD, kind="security", left=_RIGHT, top=444),
    Node(
        name="key",
        title="AWS KMS",
        text="Encryption key",
        icon=KEY,
        kind="security",
        left=_RIGHT,
        top=508,
        optional=True,
    ),
    Node(
        name="alarms",
        title="Amazon CloudWatch",
        text="Dashboard, alarms",
        icon=CHART,
        kind="operations",
        left=_MIDDLE,
        top=456,
        width=200,
    ),
    Node(
        name="topic",
        title="Amazon SNS",
        text="Alarm topic",
        icon=SPEAKER,
        kind="operations",
        left=_LEFT,
        top=456,
        width=190,
    ),
)
ARROWS = (
    Arrow(start="team", end="notebook", points=((104, 152), (132, 152), (132, 119), (175, 119))),
    Arrow(start="team", end="studio", points=((104, 164), (132, 164), (132, 219), (175, 219))),
    Arrow(start="notebook", end="jobs", points=((366, 119), (387, 119), (387, 160), (407, 160))),
    Arrow(start="studio", end="jobs", points=((366, 219), (387, 219), (387, 178), (407, 178))),
    Arrow(
        start="input",
        end="jobs",
        points=((726, 87), (640, 87), (640, 156), (599, 156)),
        text="read",
        place=(684, 80),
    ),
    Arrow(start="jobs", end="output", points=((598, 169), (725, 169)), text="write", place=(684, 162)),
    Arrow(
        start="jobs",
        end="models",
        points=((598, 184), (640, 184), (640, 251), (725, 251)),
        text="write",
        place=(684, 244),
    ),
    Arrow(start="models", end="registry", points=((829, 278), (829, 299))),
    Arrow(start="registry", end="endpoint", points=((726, 327), (599, 327)), text="approved model", place=(664, 320)),
    Arrow(start="application", end="endpoint", points=((104, 321), (407, 321)), text="requests", place=(270, 314)),
    Arrow(start="endpoint", end="alarms", points=((503, 354), (503, 455)), text="metrics", place=(532, 424)),
    Arrow(start="alarms", end="topic", points=((408, 483), (367, 483))),
    Arrow(start="topic", end="email", points=((176, 483), (104, 483))),
)
