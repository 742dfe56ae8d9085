// --- texts to copy; they contain only values that differ from the defaults

const quoted = text => (/^[A-Za-z0-9_./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`);
const named = values => Object.entries(values).map(([name, value]) => `${name}=${value}`);

function command(values, where) {
  const head = `smtemplates deploy ${quoted(where.stack)} --region ${quoted(where.region)}`;
  const sets = named(values).map(one => ` \\\n  --set ${quoted(one)}`);
  return `${head} \\\n  --template ${quoted(page.file)} --create-staging-bucket${sets.join("")}`;
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

/** Return the choices of a specialized template: `keep` are the parameters that users can still set. */
function choices(values, keep) {
  const chosen = { keep: Object.keys(Parameters).filter(name => keep.has(name)), default: {}, fix: {} };
  for (const [name, about] of Object.entries(Parameters)) {
    if (keep.has(name) && name in values && !page.stays.includes(name)) chosen.default[name] = values[name];
    if (!keep.has(name) && (name in values || about.Default === undefined)) chosen.fix[name] = values[name] ?? "";
  }
  return chosen;
}

/** Return the command that renders the specialized template, or a sentence if a command cannot. */
function specializeCommand(name, { keep, default: defaults, fix }) {
  const file = Object.entries(fix).find(([, value]) => value.startsWith("@"));
  if (file) return `# --fix reads a value that starts with @ from a file, so that no command can set ${file[0]}. Use the table.\n`;
  const options = [["--keep", keep.join(",")]];
  options.push(...named(defaults).map(one => ["--default", one]), ...named(fix).map(one => ["--fix", one]));
  const lines = options.map(([option, value]) => ` \\\n  ${option} ${quoted(value)}`);
  return `smtemplates render ${page.kind === "file" ? "--from " : ""}${quoted(page.file)} -o ${quoted(`${name}.yaml`)}${lines.join("")}`;
}

/** Return the table of smtemplates.toml for the specialized template, or a sentence if there cannot be one. */
function specializeTable(name, { keep, default: defaults, fix }) {
  if (page.kind === "table") return "# A table cannot start from the template of another table. Use the command.\n";
  const text = value => JSON.stringify(value).replaceAll("\x7f", "\\u007f");
  const table = (key, values) => {
    const lines = Object.entries(values).map(([one, value]) => `${one} = ${text(value)}\n`);
    return lines.length ? `\n[template.${name}.${key}]\n${lines.join("")}` : "";
  };
  const kept = keep.length ? `[\n${keep.map(one => `    ${text(one)},\n`).join("")}]` : "[]";
  return `[template.${name}]\nfrom = ${text(page.file)}\nkeep = ${kept}\n${table("default", defaults)}${table("fix", fix)}`;
}
