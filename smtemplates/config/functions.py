"""Import and call the functions of a project. An error in its code becomes one sentence with its file and line."""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from smtemplates.config.problems import shown_file, unknown
from smtemplates.errors import Error, UsageError

Function = Callable[..., Any]
MOST_CHARACTERS = 500  # of the text of an exception


class CodeError(UsageError):
    """Report an exception in a function of a project."""

    def __init__(self, message: str, function: str) -> None:
        super().__init__(message)
        self.function = function


@contextlib.contextmanager
def running_code_of(folder: Path) -> Iterator[None]:
    """Run code of a project: its folder is first on the Python path, and its output goes to standard error.

    Standard output is for results, such as a rendered template.
    """
    first = str(folder.resolve())
    sys.path.insert(0, first)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        with contextlib.suppress(ValueError):  # the code can also change the path
            sys.path.remove(first)


def import_function(text: str, folder: Path) -> Function:
    """Import the function that a "module:function" text names, with the folder first on the Python path.

    Raises:
        UsageError: There is no such module or function, or the module fails.
    """
    name, _, attribute = text.partition(":")
    importlib.invalidate_caches()
    try:
        with running_code_of(folder):
            module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(f"{error.name}.")):
            _check_origin(name, folder)
            raise UsageError(
                f"there is no module {error.name} in {folder.resolve()} or in the Python environment."
            ) from error
        raise UsageError(explained(error, folder)) from error
    except (Exception, SystemExit) as error:  # the code can raise anything
        raise UsageError(explained(error, folder)) from error
    _check_origin(name, folder)
    found = getattr(module, attribute, None)
    if found is None:
        functions = [key for key, value in vars(module).items() if inspect.isfunction(value) and key[0] != "_"]
        raise UsageError(f"{name}: {unknown('function', attribute, functions)}")
    if not callable(found):
        raise UsageError(f"{text} is not a function.")
    function: Function = found
    return function


def _check_origin(name: str, folder: Path) -> None:
    """Check that Python imports a module of the folder, and not another one that has the same name.

    Raises:
        UsageError: Python has loaded the other module before, for example because it is in the standard library.
    """
    first = name.partition(".")[0]
    module = sys.modules.get(first)
    path = folder.resolve() / first
    ours = [file for file in (path.with_suffix(".py"), path) if file.exists()]
    if module is None or not ours:
        return
    origins = [getattr(module, "__file__", None) or "", *(getattr(module, "__path__", None) or ())]
    if not any(Path(origin).resolve().is_relative_to(folder.resolve()) for origin in origins if origin):
        raise UsageError(
            f"{shown_file(ours[0])} cannot be imported, because Python has loaded another module {first}"
            f"{f' from {origins[0]}' if origins[0] else ''}. Rename {shown_file(ours[0])}."
        )


def guarded(function: Function, folder: Path) -> Function:
    """Return a function with the same signature whose exceptions are CodeErrors with the user's file and line."""

    @functools.wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        try:
            with running_code_of(folder):
                return function(*arguments, **named)
        except (Exception, SystemExit) as error:  # the code can raise anything
            raise CodeError(explained(error, folder), function.__name__) from error

    return call


def explained(error: BaseException, folder: Path) -> str:
    """Return one sentence about an exception: the file and line of the user, its type and its text."""
    text = " ".join(str(error.msg if isinstance(error, SyntaxError) else error).split())
    if len(text) > MOST_CHARACTERS:
        text = f"{text[:MOST_CHARACTERS]}..."
    if not isinstance(error, Error):  # the sentences of this package need no type
        text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return f"{_place(error, folder)}{text.rstrip('.')}."


def _place(error: BaseException, folder: Path) -> str:
    """Return the innermost file and line of the user's code, or ''."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{shown_file(Path(error.filename))}:{error.lineno}: "
    inside = folder.resolve()
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        file = Path(frame.filename)
        if file.is_absolute() and file.is_relative_to(inside) and "site-packages" not in file.parts:
            return f"{shown_file(file)}:{frame.lineno}: "
    return ""
