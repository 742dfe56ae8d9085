"""AWS's validator as far as it evaluates Guard rules; importing this imports it."""

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

# A filter on a map's keys counts as failed for each key that it leaves out. A check that fails says more than this.
_FILTERED_OUT = "Guard check `` failed"
_PLACE = re.compile(r"at line (\d+) at column (\d+)")
_GUARD_ONLY = ValidateConfig(disable_builtin_rules=True, detail_level=DetailLevel.STANDARD)


class Guard:
    """Hold Guard files, ready to judge many templates."""

    def __init__(self, files: Mapping[str, str]) -> None:
        """Take the text of each file by its name.

        Raises:
            UsageError: One cannot be read by Guard, or holds no rule.
        """
        self._files = list(files)
        # a file is known by its number there: what the validator says of a rule names its file without the folder
        sources = [ExternalRuleSource(name=str(number), content=text) for number, text in enumerate(files.values())]
        try:
            self._engine = CompositeEngine(CompositeEngineConfig(guard_rules=sources))
        except ValidationError as error:
            raise UsageError(self._explain(error)) from error
        filled = {rule.category for rule in self._engine.list_rules() if rule.origin is RuleOrigin.GUARD}
        for number, file in enumerate(files):
            if f"guard:{number}" not in filled:
                raise UsageError(f"{file}: this Guard file holds no rule, so it would judge nothing.")

    def check(self, template: Mapping[str, Any], steps: Steps) -> list[Diagnostic]:
        """Return what in a resolved template breaks which rule; each character of the template is a step.

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
            raise Error("The validator of policy cannot read the resolved template.")
        return [found for found in report.diagnostics if found.message != _FILTERED_OUT]

    def _explain(self, error: ValidationError) -> str:
        said = str(getattr(error, "msg", error))
        named = [file for number, file in enumerate(self._files) if f"Guard file '{number}'" in said]
        file = named[0] if named else " or ".join([file for file in self._files if file != OUR_NAME] or self._files)
        place = _PLACE.search(said)
        if place:
            read = said.partition("fragment ")[2].rstrip("`").strip().partition("\n")[0]
            where = f"{file}:{place[1]}:{place[2]}"
            return f"{where}: this is not CloudFormation Guard: {short(read) if read else 'the file ends too early'}."
        reason = said.partition("Error = ")[2] or said
        return f"{file}: Guard cannot evaluate a rule: {reason.strip('`')}."
