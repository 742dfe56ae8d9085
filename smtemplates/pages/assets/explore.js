"use strict";
// What CloudFormation and the deployer decide before anything is made, decided here in the same way.
const page = JSON.parse(document.getElementById("template").textContent);
const { Parameters = {}, Rules = {}, Conditions = {}, Mappings = {}, Resources = {} } = page.template;

const NUMBER = /^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$/, WHOLE = /^-?(0|[1-9][0-9]*)$/;

function partition(region) {
  return page.partitions.find(([start]) => region.startsWith(start))[1];
}

/** Say what is wrong with one value, as the end of a sentence; "" if nothing is. */
function fault(about, value) {
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

/** Resolve a value as far as Conditions and Rules need it. */
function resolve(value, scope) {
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return value.map(item => resolve(item, scope));
  const [[name, given]] = Object.entries(value);
  switch (name) {
    case "Ref": return scope[given];
    case "Fn::If": return resolve(given[truth({ Condition: given[0] }, scope) ? 1 : 2], scope);
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
    case "Fn::Not": return !truth(given[0], scope);
    case "Fn::And": return given.every(part => truth(part, scope));
    case "Fn::Or": return given.some(part => truth(part, scope));
    default: throw new Error(`${name} gives no truth value`);
  }
}

/** Decide everything for a set of values: what is refused, which rules are broken, which resources and outputs exist. */
function decide(values, region) {
  const scope = { "AWS::Region": region, "AWS::Partition": partition(region) };
  for (const [name, about] of Object.entries(Parameters)) scope[name] = values[name] ?? String(about.Default ?? "");
  const refused = {};
  for (const [name, about] of Object.entries(Parameters)) {
    const text = fault(about, scope[name]);
    if (text) refused[name] = text.replace(/\.$/, "");
  }
  const broken = Object.keys(refused).length ? [] : Object.values(Rules)
    .filter(rule => !rule.RuleCondition || truth(rule.RuleCondition, scope))
    .flatMap(rule => rule.Assertions.filter(one => !truth(one.Assert, scope)).map(one => one.AssertDescription));
  const exists = ({ Condition }) => !Condition || truth({ Condition }, scope);
  const existing = section => Object.keys(section).filter(name => exists(section[name]));
  return { refused, broken, resources: existing(Resources), outputs: existing(page.template.Outputs || {}) };
}

// --- what a person pastes; only what differs from the defaults is named

const quoted = text => (/^[A-Za-z0-9_./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`);

function command(values, where) {
  const sets = Object.entries(values).map(([name, value]) => ` \\\n  --set ${quoted(`${name}=${value}`)}`);
  const head = `scripts/deploy.py deploy ${quoted(where.stack)} --region ${quoted(where.region)}`;
  return `${head} \\\n  --template ${page.file} --create-staging-bucket${sets.join("")}`;
}

function parameterFile(values) {
  return Object.entries(values).map(([name, value]) => `${name}: '${value.replaceAll("'", "''")}'\n`).join("");
}

function link(values, where) {
  const host = page.hosts[partition(where.region)];
  if (!host || !where.url) return "";
  const query = { templateURL: where.url, stackName: where.stack };
  for (const [name, value] of Object.entries(values)) query[`param_${name}`] = value;
  const encoded = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
  const region = encodeURIComponent(where.region);
  return `https://${region}.${host}/cloudformation/home?region=${region}#/stacks/create/review?${encoded}`;
}

// --- the page

const $ = id => document.getElementById(id);
const fields = [...document.querySelectorAll("[data-parameter]")];

function given() {
  const values = {};
  for (const field of fields) {
    const value = field.type === "checkbox" ? String(field.checked) : field.value;
    if (value !== String(Parameters[field.dataset.parameter].Default ?? "")) values[field.dataset.parameter] = value;
  }
  return values;
}

function show() {
  const values = given(), where = { stack: $("stack").value, region: $("region").value, url: $("url").value };
  const found = decide(values, where.region);
  for (const field of fields) {
    const text = found.refused[field.dataset.parameter];
    field.setAttribute("aria-invalid", String(Boolean(text)));
    $(`${field.id}-fault`).textContent = text || "";
  }
  const faults = Object.entries(found.refused).map(([name, text]) => `${name} ${text}`);
  $("broken").replaceChildren(...[...faults, ...found.broken].map(text => Object.assign(document.createElement("li"), { textContent: text })));
  const fine = !found.broken.length && !faults.length;
  $("verdict").textContent = fine ? "These values work together." : found.broken.length ? "These values cannot work together:" : "Some values are not allowed:";
  $("verdict").className = fine ? "good" : "bad";
  const made = new Set(found.resources);
  for (const item of document.querySelectorAll("[data-resource]")) {
    const there = made.has(item.dataset.resource);
    item.className = there ? "make" : "absent";
    item.title = `${item.dataset.resource}: ${there ? "made" : "not made"}`;
    item.querySelector("b").textContent = there ? "✓" : "·";
  }
  dash();
  $("count").textContent = `${made.size} of ${Object.keys(Resources).length}`;
  $("command").textContent = fine ? command(values, where) : "";
  $("file").textContent = fine ? parameterFile(values) || "# every parameter has its default\n" : "";
  $("link").textContent = fine ? link(values, where) || "Give the template's https address in S3 above; isolated Regions have no such link." : "";
}

document.addEventListener("input", show);
document.addEventListener("click", event => {
  const copied = event.target.dataset.copies;
  if (copied) navigator.clipboard.writeText($(copied).textContent).then(() => { event.target.textContent = "Copied"; });
});
show();
