"""Evaluate Guard rules with the validator of AWS, which this module imports."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from cloudformation_validate import (
    CompositeEngine,
    CompositeEngineConfig,
    DetailLevel,
    Diagnostic,
    ExternalRuleSource,
    ReportStatus,
    RuleOrigin,
    TemplateContent,
    ValidateConfig,
    ValidationError,
)

from smtemplates.errors import Error, UsageError
from smtemplates.evaluate.limits import Steps
from smtemplates.evaluate.values import short

OUR_NAME = "smtemplates/policy"

# The validator reports this for each key that a filter on the keys of a map excludes. Real checks have other messages.
_FILTERED_OUT = "Guard check `` failed"
_PLACE = re.compile(r"at line (\d+) at column (\d+)")
_GUARD_ONLY = ValidateConfig(disable_builtin_rules=True, detail_level=DetailLevel.STANDARD)


class Guard:
    """Policy files that are ready to check many templates."""

    def __init__(self, files: Mapping[str, str]) -> None:
        """Load the text of each file, by file name.

        Raises:
            UsageError: Guard cannot read a file, or a file contains no rule.
        """
        self._files = list(files)
        # files are identified by number, because the validator reports the name of a file without its folder
        sources = [ExternalRuleSource(name=str(number), content=text) for number, text in enumerate(files.values())]
        try:
            self._engine = CompositeEngine(CompositeEngineConfig(guard_rules=sources))
        except ValidationError as error:
            raise UsageError(self._explain(error)) from error
        filled = {rule.category for rule in self._engine.list_rules() if rule.origin is RuleOrigin.GUARD}
        for number, file in enumerate(files):
            if f"guard:{number}" not in filled:
                raise UsageError(f"{file}: this policy file contains no rule, so it would check nothing.")

    def check(self, template: Mapping[str, Any], steps: Steps) -> list[Diagnostic]:
        """Return the violations in a resolved template; each character of the template is a step.

        Raises:
            UsageError: A rule cannot be evaluated.
            TooManyCombinationsError: The steps reach their limit.
        """
        text = json.dumps(template)
        steps.take(len(text))
        try:
            report = self._engine.validate_template(TemplateContent(text), _GUARD_ONLY)
        except ValidationError as error:
            raise UsageError(self._explain(error)) from error
        if report.status is not ReportStatus.OK:
            raise Error("The policy validator cannot read the resolved template.")
        return [found for found in report.diagnostics if found.message != _FILTERED_OUT]

    def _explain(self, error: ValidationError) -> str:
        message = str(getattr(error, "msg", error))
        named = [file for number, file in enumerate(self._files) if f"Guard file '{number}'" in message]
        file = named[0] if named else " or ".join([file for file in self._files if file != OUR_NAME] or self._files)
        place = _PLACE.search(message)
        if place:
            read = message.partition("fragment ")[2].rstrip("`").strip().partition("\n")[0]
            where = f"{file}:{place[1]}:{place[2]}"
            reason = short(read) if read else "the file ends too early"
            return f"{where}: this is not valid CloudFormation Guard: {reason}."
        reason = message.partition("Error = ")[2] or message
        return f"{file}: Guard cannot evaluate a rule: {reason.strip('`')}."
