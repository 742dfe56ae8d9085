"use strict";
// Check parameters, Rules and Conditions as CloudFormation and the deployer do before they create any resource.
const page = JSON.parse(document.getElementById("template").textContent);
const { Parameters = {}, Rules = {}, Conditions = {}, Mappings = {}, Resources = {} } = page.template;

const NUMBER = /^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$/, WHOLE = /^-?(0|[1-9][0-9]*)$/;

function partition(region) {
  return page.partitions.find(([start]) => region.startsWith(start))[1];
}

/** Return the fault of a value, as the end of a sentence, or "" if the value is valid. */
function problem(about, value) {
  const allowed = (about.AllowedValues || []).map(String), length = [...value].length;
  const outside = (number, what) => number < Number(about["Min" + what] ?? -Infinity) || number > Number(about["Max" + what] ?? Infinity);
  const numeric = (about.ConstraintDescription || "").includes("whole number") ? WHOLE : NUMBER;
  const wrong =
    (allowed.length && !allowed.includes(value)) ||
    (about.AllowedPattern !== undefined && !new RegExp(`^(?:${about.AllowedPattern})$`).test(value)) ||
    (about.Type === "Number" && (!numeric.test(value) || outside(Number(value), "Value"))) ||
    outside(length, "Length") ||
    new TextEncoder().encode(value).length > page.valueBytes;
  return wrong ? about.ConstraintDescription || "has a value that is not allowed" : "";
}

/** Return a value with the functions resolved that Conditions and Rules use. */
function resolve(value, scope) {
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return value.map(item => resolve(item, scope));
  const [[name, given]] = Object.entries(value);
  switch (name) {
    case "Ref": return scope[given] ?? (given in Resources ? given : undefined);
    case "Fn::If": return resolve(given[truth({ Condition: given[0] }, scope) ? 1 : 2], scope);
    case "Fn::Join": return resolve(given[1], scope).join(given[0]);
    case "Fn::Split": return resolve(given[1], scope).split(given[0]);
    case "Fn::Select": return resolve(given[1], scope)[Number(resolve(given[0], scope))];
    case "Fn::FindInMap": { const [map, top, second] = resolve(given, scope); return Mappings[map][top][second]; }
    case "Fn::Sub": {
      const [text, more] = Array.isArray(given) ? given : [given, {}];
      return text.replace(/\$\{([^!{}][^{}]*)\}/g, (_, key) => (key in more ? resolve(more[key], scope) : scope[key]));
    }
    default: throw new Error(`${name} cannot be evaluated here`);
  }
}

function truth(test, scope) {
  const [[name, given]] = Object.entries(test);
  switch (name) {
    case "Condition": return truth(Conditions[given], scope);
    case "Fn::Equals": { const [one, other] = resolve(given, scope); return one === other; }
    case "Fn::Contains": { const [list, one] = resolve(given, scope); return list.includes(one); }
    case "Fn::EachMemberEquals": { const [list, one] = resolve(given, scope); return list.every(member => member === one); }
    case "Fn::EachMemberIn": { const [list, others] = resolve(given, scope); return list.every(member => others.includes(member)); }
    case "Fn::Not": return !truth(given[0], scope);
    case "Fn::And": return given.every(one => truth(one, scope));
    case "Fn::Or": return given.some(one => truth(one, scope));
    default: throw new Error(`${name} is not a condition`);
  }
}

/** Return which values are invalid, which Rules they break, and which resources and outputs the stack has. */
function decide(values, region) {
  const scope = { "AWS::Region": region, "AWS::Partition": partition(region) };
  const invalid = {};
  for (const [name, about] of Object.entries(Parameters)) {
    const value = values[name] ?? String(about.Default ?? ""), members = value.split(",").map(one => one.trim());
    const isList = /^List<|^CommaDelimitedList$/.test(about.Type);
    scope[name] = isList ? members : value;
    const text = isList ? members.map(one => problem(about, one)).find(Boolean) : problem(about, value);
    if (text) invalid[name] = text.replace(/\.$/, "");
  }
  // A test that needs AWS or a transform is left to CloudFormation.
  const known = test => { try { return truth(test, scope); } catch { return true; } };
  const broken = Object.keys(invalid).length ? [] : Object.values(Rules)
    .filter(rule => !rule.RuleCondition || known(rule.RuleCondition))
    .flatMap(rule => rule.Assertions.filter(one => !known(one.Assert)).map(one => one.AssertDescription || "A Rule of the template rejects these values."));
  const exists = ({ Condition }) => !Condition || known({ Condition });
  const existing = section => Object.keys(section).filter(name => exists(section[name]));
  return { invalid, broken, scope, resources: existing(Resources), outputs: existing(page.template.Outputs || {}) };
}
