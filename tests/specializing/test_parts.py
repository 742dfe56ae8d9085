"""Parts of templates that are rare: they are folded as well, or rejected with the reason."""

from __future__ import annotations

from typing import Any

import pytest

from smtemplates.errors import UsageError
from smtemplates.specializing.choices import Choices
from smtemplates.specializing.specialization import specialization, specialize

SIZE = {"Type": "String", "Default": "s", "AllowedValues": ["s", "m"]}
SWITCH = {"Type": "String", "Default": "false", "AllowedValues": ["true", "false"]}
IS_MEDIUM = {"Fn::Equals": [{"Ref": "Size"}, "m"]}
TOPIC = {"Type": "AWS::SNS::Topic"}


def template(properties: Any = "text", **sections: Any) -> dict[str, Any]:
    parameters = {"Size": SIZE, "On": SWITCH}
    return {"Parameters": parameters, **sections, "Resources": {"R": {**TOPIC, "Properties": properties}}}


def properties(found: dict[str, Any]) -> Any:
    return found["Resources"]["R"]["Properties"]


def test_globals_of_sam_are_folded() -> None:
    """Globals refer to parameters, conditions and mappings as resources do."""
    content = {
        "Function": {
            "Timeout": {"Ref": "Size"},
            "Handler": {"Fn::If": ["On", "a", {"Ref": "AWS::NoValue"}]},
            "Tags": {"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, "a"]},
        }
    }
    whole = template(
        Transform="AWS::Serverless-2016-10-31",
        Globals=content,
        Conditions={"On": {"Fn::Equals": [{"Ref": "On"}, "true"]}},
        Mappings={"M": {"us-east-1": {"a": "b"}}},
    )
    found = specialize(whole, fix={"Size": "m"})
    assert found["Globals"] == {"Function": {**content["Function"], "Timeout": "m"}}
    assert found["Conditions"] == whole["Conditions"]
    assert found["Mappings"] == whole["Mappings"]
    assert list(found["Parameters"]) == ["On"]


@pytest.mark.parametrize("section", ["Rules", "Mappings", "Conditions", "Outputs", "Metadata"])
def test_empty_sections_are_removed(section: str) -> None:
    """A section can be null."""
    found = specialize(template({"A": {"Ref": "Size"}}, **{section: None}), keep=["Size"])
    assert found == {"Parameters": {"Size": SIZE}, "Resources": {"R": {**TOPIC, "Properties": {"A": {"Ref": "Size"}}}}}


def test_lookups_with_a_default_are_folded() -> None:
    """AWS::LanguageExtensions allows a default value, which stays with the lookup that is not decided."""
    open_key = {"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, {"Ref": "Size"}, {"DefaultValue": "none"}]}
    decided = {"Fn::FindInMap": ["M", "x", {"Ref": "Size"}, {"DefaultValue": "none"}]}
    whole = template(
        {"A": open_key, "B": decided},
        Transform="AWS::LanguageExtensions",
        Mappings={"M": {"us-east-1": {"s": "1", "m": "2"}, "cn-north-1": {"s": "3"}}},
    )
    found = specialize(whole, fix={"Size": "m"})
    assert properties(found) == {
        "A": {"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, "m", {"DefaultValue": "none"}]},
        "B": "none",
    }
    assert found["Mappings"] == {"M": {"us-east-1": {"m": "2"}}}, "AWS rejects a row without keys"


def test_a_mapping_without_used_keys_keeps_a_row() -> None:
    """AWS rejects an empty mapping, and a lookup of an unknown key fails in both templates."""
    lookup = {"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, {"Ref": "Size"}]}
    found = specialize(template(lookup, Mappings={"M": {"a": {"b": "1"}, "c": {"d": "2"}}}), fix={"Size": "m"})
    assert found["Mappings"] == {"M": {"a": {"b": "1"}}}


def test_mappings_with_unknown_keys_keep_all_rows() -> None:
    """A key or the name of a mapping can be a function that only AWS can evaluate."""
    mappings = {"M": {"us-east-1": {"s": "1", "m": "2"}}, "N": {"a": {"b": "c"}}}
    by_region = {"Fn::FindInMap": ["M", {"Ref": "Size"}, {"Ref": "AWS::Region"}]}
    both = [by_region, {"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, "s"]}]
    for lookups in (both, both[::-1]):
        assert specialize(template(lookups, Mappings=mappings), fix={"Size": "m"})["Mappings"] == {"M": mappings["M"]}
    named = template({"Fn::FindInMap": [{"Ref": "AWS::Region"}, "a", {"Ref": "Size"}]}, Mappings=mappings)
    assert specialize(named, fix={"Size": "m"})["Mappings"] == mappings


def test_a_fixed_arn_is_accepted_by_the_linter() -> None:
    """The partition of an ARN in Fn::Sub is fixed on purpose, so cfn-lint does not report it (I3042)."""
    arn = "arn:aws:sns:us-east-1:111122223333:a"
    whole = template({"Fn::Sub": "${On}-${Arn}"}, Metadata={"cfn-lint": {"config": {"ignore_checks": ["W1"]}}})
    whole["Parameters"]["Arn"] = {"Type": "String"}
    found = specialize(whole, fix={"Arn": arn})
    assert found["Metadata"] == {"cfn-lint": {"config": {"ignore_checks": ["W1", "I3042"]}}}
    assert specialize(found, keep=["On"]) == found
    assert specialize(whole, fix={"Arn": "no"})["Metadata"] == whole["Metadata"]
    assert specialize(whole, fix={"Arn": arn, "On": "true"})["Metadata"] == whole["Metadata"], "it is not in Fn::Sub"
    more = {**whole, "Metadata": found["Metadata"]}
    assert specialize(more, fix={"Arn": arn})["Metadata"] == found["Metadata"]
    own = template({"Fn::Sub": "arn:aws:sns:${On}"})
    assert "Metadata" not in specialize(own, fix={"Size": "m"}), "the author wrote this ARN, not the user"


def test_conditions_decide_each_other() -> None:
    """Inside a branch, the conditions that follow from its condition are known."""
    on, medium = {"Fn::Equals": [{"Ref": "On"}, "true"]}, IS_MEDIUM
    conditions = {
        "On": on,
        "IsMedium": medium,
        "Both": {"Fn::And": [{"Condition": "On"}, {"Condition": "IsMedium"}]},
        "Either": {"Fn::Or": [{"Condition": "On"}, {"Condition": "IsMedium"}]},
        "Off": {"Fn::Not": [{"Condition": "On"}]},
    }
    inner = {name: {"Fn::If": [name, "yes", "no"]} for name in conditions}
    whole = template(
        {"Then": {"Fn::If": ["Both", inner, "-"]}, "Else": {"Fn::If": ["Either", "-", inner]}}, Conditions=conditions
    )
    whole["Parameters"]["Other"] = {"Type": "String", "Default": ""}
    found = properties(specialize(whole, fix={"Other": "x"}))
    assert found == {
        "Then": {"Fn::If": ["Both", {**dict.fromkeys(conditions, "yes"), "Off": "no"}, "-"]},
        "Else": {"Fn::If": ["Either", "-", {**dict.fromkeys(conditions, "no"), "Off": "yes"}]},
    }


def test_facts_hold_in_the_whole_branch() -> None:
    """A branch inside another one is used only if both conditions have their truth values, as a resource is."""
    conditions = {
        "On": {"Fn::Equals": [{"Ref": "On"}, "true"]},
        "Off": {"Fn::Not": [{"Condition": "On"}]},
        "IsMedium": IS_MEDIUM,
    }
    on = {"Fn::If": ["On", "yes", "no"]}
    values = [{"Fn::If": ["On", {"Fn::If": ["IsMedium", on, "-"]}, "-"]}, {"Fn::If": ["Off", {"A": on}, {"B": on}]}]
    whole = template(values, Conditions=conditions)
    whole["Parameters"]["Other"] = {"Type": "String", "Default": ""}
    whole["Resources"]["S"] = {**TOPIC, "Condition": "On", "Properties": on}
    found = specialize(whole, fix={"Other": "x"})
    assert properties(found) == [
        {"Fn::If": ["On", {"Fn::If": ["IsMedium", "yes", "-"]}, "-"]},
        {"Fn::If": ["Off", {"A": "no"}, {"B": "yes"}]},
    ]
    assert found["Resources"]["S"]["Properties"] == "yes"


def test_long_values_are_compared() -> None:
    """A condition that compares a long text from a mapping is decided."""
    test = {"Fn::Equals": [{"Fn::FindInMap": ["M", "a", {"Ref": "Size"}]}, "x" * 201]}
    whole = template({"Fn::If": ["C", "a", "b"]}, Conditions={"C": test}, Mappings={"M": {"a": {"s": "x" * 201}}})
    assert properties(specialize(whole, fix={"Size": "s"})) == "a"


def test_a_choice_in_a_condition_stays() -> None:
    """The evaluator accepts Fn::If in a condition, so an undecided one is not replaced by one of its branches."""
    conditions = {
        "On": {"Fn::Equals": [{"Ref": "On"}, "true"]},
        "C": {"Fn::Equals": [{"Fn::If": ["On", {"Ref": "Size"}, "b"]}, "b"]},
    }
    found = specialize(template({"Fn::If": ["C", 1, 2]}, Conditions=conditions), fix={"Size": "m"})
    assert found["Conditions"]["C"] == {"Fn::Equals": [{"Fn::If": ["On", "m", "b"]}, "b"]}


def test_equal_branches_and_conditions_are_joined() -> None:
    """A choice between equal values is the value, and a condition that equals another one takes its name."""
    conditions = {
        "On": {"Fn::Equals": [{"Ref": "On"}, "true"]},
        "OnAndMedium": {"Fn::And": [{"Condition": "On"}, IS_MEDIUM]},
    }
    values = [{"Fn::If": ["OnAndMedium", {"Ref": "Size"}, "m"]}, {"Fn::If": ["OnAndMedium", "a", "b"]}]
    whole = template(values, Conditions=conditions)
    whole["Resources"]["S"] = {**TOPIC, "Condition": "OnAndMedium"}
    found = specialize(whole, fix={"Size": "m"})
    assert properties(found) == ["m", {"Fn::If": ["On", "a", "b"]}]
    assert found["Resources"]["S"] == {**TOPIC, "Condition": "On"}
    assert found["Conditions"] == {"On": conditions["On"]}


def test_conditions_in_use_stay() -> None:
    """A resource, another condition, or a branch of a choice can be the only user of a condition."""
    conditions: dict[str, Any] = {
        name: {"Fn::Equals": [{"Ref": "AWS::StackName"}, name]} for name in ("OfResource", "Named", "Inside", "Unused")
    }
    conditions["Naming"] = {"Fn::Or": [{"Condition": "Named"}, {"Fn::Equals": [{"Ref": "AWS::StackName"}, "x"]}]}
    whole = template({"Fn::If": ["Naming", {"Fn::If": ["Inside", 1, 2]}, {"Ref": "Size"}]}, Conditions=conditions)
    whole["Resources"]["S"] = {**TOPIC, "Condition": "OfResource"}
    found = specialization(whole, Choices(fix={"Size": "m"}))
    assert found.template["Resources"]["S"] == whole["Resources"]["S"]
    assert found.template["Conditions"] == {name: test for name, test in conditions.items() if name != "Unused"}
    assert [one.name for one in found.removed] == ["Unused", "On"]


def test_long_values_stay_in_their_mapping() -> None:
    """A long text is not copied to each place that looks it up."""
    lookups = [{"Fn::FindInMap": ["M", "a", {"Ref": "Size"}]} for _ in range(2)]
    whole = template(lookups, Mappings={"M": {"a": {"s": "x" * 201, "m": "x" * 200}}})
    assert properties(specialize(whole, fix={"Size": "m"})) == ["x" * 200] * 2
    found = specialize(whole, fix={"Size": "s"})
    assert properties(found) == [{"Fn::FindInMap": ["M", "a", "s"]}] * 2
    assert found["Mappings"] == {"M": {"a": {"s": "x" * 201}}}


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"Transform": "Macro"}, "because Transform can add to its Resources"),
        ({"Fn::Transform": {"Name": "AWS::Include"}}, "because Transform can add to its Resources"),
        ({"Outputs": {"Fn::ForEach::All": []}}, "because Fn::ForEach::All can add to its Outputs"),
        ({"Rules": {"Fn::Transform": {}}}, "because Fn::Transform can add to its Rules"),
    ],
)
def test_templates_that_a_transform_extends_are_rejected(sections: dict[str, Any], message: str) -> None:
    """A transform can refer to every parameter. A command returns the template that it produces."""
    with pytest.raises(UsageError) as caught:
        specialize(template(**sections), fix={"Size": "m"})
    assert message in str(caught.value)
    assert "get-template --template-stage Processed" in str(caught.value)


def test_a_transform_in_a_resource_is_rejected() -> None:
    """The message names the resource and the function."""
    with pytest.raises(UsageError, match=r"^Resources\.R: Fn::Transform .* --template-stage Processed"):
        specialize(template({"Fn::Transform": {"Name": "AWS::Include"}}), fix={"Size": "m"})


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("Resources", "Resources.Odd must be a mapping."),
        ("Outputs", "Outputs.Odd must be a mapping."),
        ("Rules", "Rules.Odd must be a mapping."),
        ("Parameters", "Parameters.Odd must be a mapping with a Type."),
    ],
)
def test_entries_of_another_form_are_rejected(section: str, message: str) -> None:
    """The message contains the place."""
    whole = template()
    whole[section] = {**whole.get(section, {}), "Odd": ["text"]}
    with pytest.raises(UsageError) as caught:
        specialize(whole, fix={"Size": "m"})
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"Fn::Select": [1, {"Fn::Split": [",", {"Ref": "Size"}]}]}, "Fn::Select selects item 1 of 1"),
        ({"Fn::GetAZs": {"Ref": "AWS::NoValue"}}, "Fn::GetAZs does not take"),
    ],
)
def test_errors_name_the_resource(value: Any, message: str) -> None:
    """A function that AWS would reject is an error with the name of the resource."""
    with pytest.raises(UsageError, match=rf"^Resources\.R: {message}"):
        specialize(template(value), fix={"Size": "m"})


def test_parameters_that_a_rule_looks_up_cannot_be_fixed() -> None:
    """Fn::ValueOf needs a parameter, unless the Rule does not apply any more."""
    value = {"Fn::ValueOf": ["Size", "Tags.Team"]}
    assertion = {"Assert": {"Fn::EachMemberIn": [value, ["x"]]}}
    rule = {"RuleCondition": {"Fn::Equals": [{"Ref": "On"}, "true"]}, "Assertions": [assertion]}
    whole = template(Rules={"R": rule})
    with pytest.raises(UsageError, match=r"^Parameter Size cannot be fixed, because a Rule looks up its attributes"):
        specialize(whole, fix={"Size": "m"})
    assert specialize(whole, fix={"On": "true"})["Rules"] == {"R": {"Assertions": [assertion]}}
    assert specialize(whole, fix={"On": "true"}).get("Parameters") == {"Size": SIZE}
    assert "Rules" not in specialize(whole, fix={"Size": "m", "On": "false"})


def test_references_to_removed_resources_are_rejected() -> None:
    """AWS rejects a template with such a reference, although the full template is valid."""
    whole = template({"Fn::GetAtt": ["Other", "Arn"]}, Conditions={"IsMedium": IS_MEDIUM})
    whole["Resources"]["Other"] = {**TOPIC, "Condition": "IsMedium"}
    assert specialize(whole, fix={"Size": "m"})["Resources"].keys() == {"R", "Other"}
    sentence = r"Resources\.R refers to Other, which does not exist .* condition IsMedium is false\. Fix or keep"
    with pytest.raises(UsageError, match=sentence):
        specialize(whole, fix={"Size": "s"})


@pytest.mark.parametrize("after", ["Other", ["Other"], ["S", "Other"]])
def test_dependencies_on_removed_resources_are_removed(after: Any) -> None:
    """CloudFormation ignores a dependency on a resource that does not exist, but not on an unknown one."""
    whole = template(Conditions={"IsMedium": IS_MEDIUM})
    whole["Resources"] |= {"S": TOPIC, "Other": {**TOPIC, "Condition": "IsMedium"}}
    whole["Resources"]["R"]["DependsOn"] = after
    assert specialize(whole, fix={"Size": "m"})["Resources"]["R"]["DependsOn"] == after
    assert specialize(whole, fix={"Size": "s"})["Resources"]["R"].get("DependsOn") == (["S"] if "S" in after else None)


def test_a_template_without_resources_is_rejected() -> None:
    """AWS does not accept a template without resources."""
    whole = template(Conditions={"IsMedium": IS_MEDIUM})
    whole["Resources"]["R"]["Condition"] = "IsMedium"
    with pytest.raises(UsageError, match="With these values, the template has no resources"):
        specialize(whole, fix={"Size": "s"})


def test_comparisons_with_no_value_are_not_decided() -> None:
    """Only AWS knows whether AWS::NoValue equals something."""
    test = {"Fn::Equals": [{"Ref": "AWS::NoValue"}, {"Ref": "AWS::NoValue"}]}
    whole = template({"Fn::If": ["C", {"Ref": "Size"}, "b"]}, Conditions={"C": test})
    found = specialize(whole, fix={"Size": "m"})
    assert found["Conditions"] == {"C": test}
    assert properties(found) == {"Fn::If": ["C", "m", "b"]}


def test_conditions_on_stored_values_are_not_decided() -> None:
    """AllowedValues of a parameter from the Parameter Store are names in the store, not values."""
    whole = template({"Fn::If": ["C", "a", "b"]}, Conditions={"C": {"Fn::Equals": [{"Ref": "Name"}, "x"]}})
    whole["Parameters"]["Name"] = {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/a"}
    found = specialize(whole, fix={"Name": "/b"})
    assert properties(found) == {"Fn::If": ["C", "a", "b"]}


def test_labels_groups_and_waivers_are_folded() -> None:
    """Metadata contains no parameter and no condition that does not exist any more."""
    interface = {
        "ParameterGroups": [
            {"Label": {"default": "One"}, "Parameters": ["Size"]},
            {"Label": {"default": "Two"}, "Parameters": ["Size", "On"]},
        ],
        "ParameterLabels": {"Size": {"default": "Size"}, "On": {"default": "On"}},
    }
    waivers = [{"Fn::If": ["IsMedium", "A", {"Ref": "AWS::NoValue"}]}, {"Fn::If": ["Switched", "B", "C"]}]
    conditions = {"IsMedium": IS_MEDIUM, "Switched": {"Fn::Equals": [{"Ref": "On"}, "true"]}}
    whole = template(Metadata={"AWS::CloudFormation::Interface": interface, "Own": 1}, Conditions=conditions)
    whole["Resources"]["R"]["Metadata"] = {"guard": {"SuppressedRules": waivers}}
    found = specialize(whole, fix={"Size": "s"})
    assert found["Resources"]["R"]["Metadata"] == {"guard": {"SuppressedRules": waivers[1:]}}
    assert found["Metadata"] == {
        "AWS::CloudFormation::Interface": {
            "ParameterGroups": [{"Label": {"default": "Two"}, "Parameters": ["On"]}],
            "ParameterLabels": {"On": {"default": "On"}},
        },
        "Own": 1,
    }
    assert specialize(whole, keep=[])["Metadata"] == {"Own": 1}


def test_the_place_of_a_stack_is_never_decided() -> None:
    """Partition, Region, account and name of the stack stay, also in conditions."""
    names = ("Region", "Partition", "AccountId", "URLSuffix", "StackName", "StackId", "NotificationARNs")
    refs = [{"Ref": f"AWS::{name}"} for name in names]
    conditions = {name: {"Fn::Equals": [{"Ref": f"AWS::{name}"}, "us-east-1"]} for name in names[:-1]}
    whole = template(
        [*refs, {"Fn::Sub": "arn:${AWS::Partition}:${Size}"}, *({"Fn::If": [name, 1, 2]} for name in conditions)],
        Conditions=conditions,
    )
    found = specialize(whole, keep=[])
    expected = properties(whole)
    expected[len(names)] = {"Fn::Sub": "arn:${AWS::Partition}:s"}
    assert properties(found) == expected
    assert found["Conditions"] == conditions


def test_the_template_is_not_modified() -> None:
    """The template of the caller is not modified."""
    whole = template({"A": {"Ref": "Size"}}, Metadata={"Own": [1]})
    found = specialization(whole, Choices(fix={"Size": "m"})).template
    found["Metadata"]["Own"].append(2)
    assert whole == template({"A": {"Ref": "Size"}}, Metadata={"Own": [1]})
    unchanged = specialize(whole)
    assert unchanged == whole, "without choices, nothing is folded"
    unchanged["Metadata"]["Own"].append(2)
    assert whole == template({"A": {"Ref": "Size"}}, Metadata={"Own": [1]})


def test_a_rule_that_still_can_be_broken_stays() -> None:
    """Its open condition stays, and an assertion that is false in any case is one that AWS accepts."""
    assertions = [{"Assert": {"Fn::Not": [IS_MEDIUM]}, "AssertDescription": "No."}]
    other = {"Fn::Equals": [{"Ref": "Other"}, "x"]}
    whole = template([{"Ref": "Other"}], Rules={"R": {"RuleCondition": {"Fn::Not": [other]}, "Assertions": assertions}})
    whole["Parameters"]["Other"] = {"Type": "CommaDelimitedList", "Default": "x"}
    found = specialize(whole, fix={"Size": "m"})
    never = {"Assert": {"Fn::Equals": ["true", "false"]}, "AssertDescription": "No."}
    assert found["Rules"] == {"R": {"RuleCondition": {"Fn::Not": [other]}, "Assertions": [never]}}


def test_the_order_of_a_comparison_does_not_matter() -> None:
    """A Rule that compares a text with a parameter leaves one value, too."""
    whole = template({"Ref": "Text"}, Rules={"R": {"Assertions": [{"Assert": {"Fn::Equals": ["x", {"Ref": "Text"}]}}]}})
    whole["Parameters"]["Text"] = {"Type": "String"}
    assert specialization(whole, Choices(fix={"Size": "m"})).forced == {"Text": "x"}
