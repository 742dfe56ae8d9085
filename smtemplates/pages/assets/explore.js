// --- the page

const $ = id => document.getElementById(id);
const fields = [...document.querySelectorAll("[data-parameter]")];
const keeps = [...document.querySelectorAll("[data-keep]")];
const usages = [...document.querySelectorAll("[data-usage]")];
const standard = name => String(Parameters[name].Default ?? "");
const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

function given() {
  const values = {};
  for (const field of fields) {
    const value = field.type === "checkbox" ? String(field.checked) : field.value;
    if (value !== standard(field.dataset.parameter)) values[field.dataset.parameter] = value;
  }
  return values;
}

function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** Return a sentence in which the names of parameters are links to their fields. */
function linked(text) {
  return text.split(/\b(\w+)\b/).map(word => (word in Parameters ? element("a", { href: `#${word}`, textContent: word }) : word));
}

/** Open everything that contains a field, and move the focus to the field. */
function reveal(field) {
  if (!field.checkVisibility()) { $("filter").value = ""; filter(); }
  for (let parent = field.parentElement; parent; parent = parent.parentElement) if (parent.tagName === "DETAILS") parent.open = true;
  field.focus();
}

function show() {
  const values = given(), where = { stack: $("stack").value, region: $("region").value, url: $("url").value };
  const found = decide(values, where.region);
  const errors = Object.entries(found.invalid).map(([name, text]) => `${name} ${text}.`), broken = [...errors, ...found.broken];
  for (const field of fields) {
    const text = found.invalid[field.dataset.parameter];
    field.setAttribute("aria-invalid", String(Boolean(text)));
    $(`${field.id}-error`).textContent = text || "";
  }
  const [first, ...others] = broken;
  $("verdict").replaceChildren(...(first ? linked(first) : ["These values are valid."]));
  $("verdict").className = first ? "bad" : "good";
  $("more").textContent = others.length ? plural(others.length, "more error") : "";
  $("broken").replaceChildren(...others.map(text => element("li", {}, ...linked(text))));
  const examples = Object.keys(values).filter(name => page.presets.some(preset => preset.examples.includes(name) && preset.values[name] === values[name]));
  $("examples").replaceChildren(...(examples.length ? linked(`Replace the example values of ${examples.join(", ")} before you deploy.`) : []));
  showPreset(values);
  showChanges(values);
  showResources(found.resources);
  showCosts(found, broken.length);
  showTexts(values, where, broken.length);
}

function showPreset(values) {
  const same = preset => Object.keys({ ...preset.values, ...values }).every(name => preset.values[name] === values[name]);
  const chosen = page.presets.findIndex(same);
  for (const button of document.querySelectorAll("[data-preset]")) button.setAttribute("aria-pressed", String(Number(button.dataset.preset) === chosen));
  $("note").textContent = page.presets[chosen]?.note || "";
}

/** Show in each closed group how many of its values differ from the defaults. */
function showChanges(values) {
  for (const group of document.querySelectorAll("form details")) {
    const count = [...group.querySelectorAll("[data-parameter]")].filter(({ dataset }) => dataset.parameter in values).length;
    group.querySelector(":scope > summary > .changed").textContent = count ? `${count} changed` : "";
  }
}

function showResources(existing) {
  const created = new Set(existing);
  for (const item of document.querySelectorAll("[data-resource]")) {
    const there = created.has(item.dataset.resource);
    item.className = there ? "create" : "absent";
    item.title = `${item.dataset.resource} (${Resources[item.dataset.resource]?.Type ?? "resource of a workspace"}): ${there ? "created" : "not created"}`;
    item.querySelector("b").textContent = there ? "✓" : "·";
  }
  dash();
  $("count").textContent = `${created.size} of ${plural(Object.keys(Resources).length, "resource")}.`;
}

function showCosts(found, broken) {
  const usage = Object.fromEntries(usages.map(one => [one.dataset.usage, one.value]));
  const wrong = usages.filter(one => !/^\d{1,6}$/.test(one.value));
  for (const one of usages) one.setAttribute("aria-invalid", String(wrong.includes(one)));
  for (const name in usage) usage[name] = Number(usage[name]);
  const costs = broken || wrong.length ? undefined : monthlyCosts(found.resources, found.scope, usage);
  const amount = costs && `${costs.missing.some(text => /: (the price|a number|the costs are)/.test(text)) ? "At least " : ""}USD ${usd(costs.total)} per month.`;
  $("total").textContent = amount ?? "No price.";
  $("unpriced").textContent = costs ? "" : wrong.length ? "The use must be whole numbers." : "The price is calculated when the values are valid.";
  const cells = (tag, ...texts) => element("tr", {}, ...texts.map(text => element(tag, { textContent: text })));
  $("table-of-costs").hidden = !costs;
  $("items").replaceChildren(...(costs ? costs.items.map(({ text, arithmetic, total }) => cells("td", text, arithmetic, usd(total))) : []));
  $("sum").textContent = costs ? usd(costs.total) : "";
  $("missing").replaceChildren(...(costs ? costs.missing.map(text => element("li", { textContent: text })) : []));
  $("elsewhere").textContent = $("region").value === page.priceRegion ? "" : `There is no table for ${$("region").value}.`;
}

function showTexts(values, where, broken) {
  const keep = new Set(keeps.filter(one => one.checked).map(one => one.dataset.keep)), name = $("name").value;
  const chosen = choices(values, keep), valid = new RegExp(`^(?:${$("name").pattern})$`).test(name);
  $("name").setAttribute("aria-invalid", String(!valid));
  $("kept").textContent = `${keep.size} of ${keeps.length}`;
  const texts = broken ? {} : {
    command: command(values, where),
    file: parameterFile(values) || "# all parameters have their default values\n",
    link: link(values, where) || "Enter the HTTPS URL of the template. Isolated Regions have no quick-create links.",
    special: valid ? specializeCommand(name, chosen) : "",
    table: valid ? specializeTable(name, chosen) : "",
  };
  for (const id of ["command", "file", "link", "special", "table"]) $(id).textContent = texts[id] ?? "";
  for (const button of document.querySelectorAll("[data-copies]")) button.disabled = !$(button.dataset.copies).textContent;
  $("copied").textContent = "";
}

/** Show only parameters and resources that contain the text of the filter. */
function filter() {
  const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean), on = words.length > 0;
  const matches = text => words.every(word => text.toLowerCase().includes(word));
  const parts = [...document.querySelectorAll(".field")], items = [...document.querySelectorAll(".drawing li")];
  for (const field of parts) field.hidden = on && !matches(field.textContent);
  for (const item of items) item.hidden = on && !matches(item.firstElementChild.title);
  for (const group of document.querySelectorAll("form details")) {
    const empty = !group.querySelector(".field:not([hidden])");
    if (on && group.dataset.open === undefined) group.dataset.open = group.open ? "open" : "";
    if (!on && group.dataset.open !== undefined) { group.open = group.dataset.open === "open"; delete group.dataset.open; }
    group.hidden = on && empty;
    if (on) group.open = !empty;
  }
  for (const box of document.querySelectorAll(".drawing .group")) box.hidden = on && !box.querySelector("li:not([hidden])");
  document.querySelector(".drawing").classList.toggle("filtered", on);
  const shown = list => list.filter(one => !one.hidden).length;
  $("matches").textContent = on ? `${plural(shown(parts), "parameter")} and ${plural(shown(items), "resource")} found.` : "";
}

function apply(preset) {
  for (const field of fields) {
    const value = preset.values[field.dataset.parameter] ?? standard(field.dataset.parameter);
    if (field.type === "checkbox") field.checked = value === "true";
    else field.value = value;
  }
  for (const one of usages) one.value = preset.usage[one.dataset.usage] ?? one.defaultValue;
  for (const one of keeps) if (!one.disabled) one.checked = preset.keep ? preset.keep.includes(one.dataset.keep) : one.defaultChecked;
  if (preset.template) $("name").value = preset.template;
  show();
}

/** Copy a text. Without permission for the clipboard, the text is selected, and copied with a command of the browser. */
async function copy(id) {
  let done = true;
  try { await navigator.clipboard.writeText($(id).textContent); } catch {
    getSelection().selectAllChildren($(id));
    done = document.execCommand("copy");
  }
  $("copied").textContent = done ? "Copied." : "The text is selected. Copy it with the keyboard.";
}

document.addEventListener("input", event => { if (event.target.id === "filter") filter(); else show(); });
document.addEventListener("click", event => {
  const { preset, copies } = event.target.dataset, name = event.target.hash?.slice(1);
  if (preset) apply(page.presets[preset]);
  if (copies) copy(copies);
  if (name in Parameters) { event.preventDefault(); reveal($(name)); }
});
if (matchMedia("(max-width: 44rem)").matches) for (const group of document.querySelectorAll("form details")) group.open = false;
show();
