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
    case "Ref": return scope[given];
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
  return { invalid, broken, resources: existing(Resources), outputs: existing(page.template.Outputs || {}) };
}

// --- texts to copy; they contain only values that differ from the defaults

const quoted = text => (/^[A-Za-z0-9_./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`);

function command(values, where) {
  const sets = Object.entries(values).map(([name, value]) => ` \\\n  --set ${quoted(`${name}=${value}`)}`);
  const head = `smtemplates deploy ${quoted(where.stack)} --region ${quoted(where.region)}`;
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
    const text = found.invalid[field.dataset.parameter];
    field.setAttribute("aria-invalid", String(Boolean(text)));
    $(`${field.id}-error`).textContent = text || "";
  }
  const errors = Object.entries(found.invalid).map(([name, text]) => `${name} ${text}`);
  $("broken").replaceChildren(...[...errors, ...found.broken].map(text => Object.assign(document.createElement("li"), { textContent: text })));
  const fine = !found.broken.length && !errors.length;
  $("verdict").textContent = fine ? "These values are valid." : found.broken.length ? "These values cannot be combined:" : "Some values are invalid:";
  $("verdict").className = fine ? "good" : "bad";
  const created = new Set(found.resources);
  for (const item of document.querySelectorAll("[data-resource]")) {
    const there = created.has(item.dataset.resource);
    item.className = there ? "create" : "absent";
    item.title = `${item.dataset.resource}: ${there ? "created" : "not created"}`;
    item.querySelector("b").textContent = there ? "✓" : "·";
  }
  dash();
  $("count").textContent = `${created.size} of ${Object.keys(Resources).length}`;
  $("command").textContent = fine ? command(values, where) : "";
  $("file").textContent = fine ? parameterFile(values) || "# all parameters have their default values\n" : "";
  $("link").textContent = fine ? link(values, where) || "Enter the HTTPS URL of the template above. Isolated Regions have no quick-create links." : "";
}

document.addEventListener("input", show);
document.addEventListener("click", event => {
  const copied = event.target.dataset.copies;
  if (copied) navigator.clipboard.writeText($(copied).textContent).then(() => { event.target.textContent = "Copied"; });
});
show();
