"""A plugin for the AWS CLI 2, with which it forks a process for each command of the tests.

The AWS CLI 2 is a program with its own Python, which needs half a second of processor time to load its modules. It
loads this plugin before it reads its arguments, which are those of `forked_server.py`.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from importlib import import_module
from typing import Any

import forked_server

SERVICES = ("cloudformation", "ecr", "logs", "s3", "sagemaker", "sagemaker-runtime", "ssm")


def awscli_initialize(_events: object) -> None:
    """Run the command of the next request in this process, which is a copy of the server, and end it."""
    main: Any = import_module("awscli.clidriver").main
    path, data = list(sys.path), os.environ["AWS_DATA_PATH"]  # its modules set them
    tests, programs = (socket.socket(fileno=int(number)) for number in sys.argv[2:])
    with tests, programs:
        load(main)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # ended processes leave no trace
        request = forked_server.next_command(tests, programs)
    forked_server.prepare(request)
    sys.path[:], os.environ["AWS_DATA_PATH"] = path, data
    forked_server.end(main())


def load(main: Any) -> None:
    """Load the models of the services, and the modules that the first client and the first command load."""
    forked_server.share_models()
    del os.environ["AWS_CONFIG_FILE"]  # with this plugin
    session: Any = import_module("awscli.botocore.session").Session()
    for service in SERVICES:
        session.create_client(service, "us-east-1", aws_access_key_id="none", aws_secret_access_key="none")  # noqa: S106
    sys.argv = ["aws", "--region", "us-east-1", "s3api", "list-buckets", "--generate-cli-skeleton"]  # sends nothing
    main()
    forked_server.freeze()
