// --- the costs of a month, as the page about costs shows them. Amounts are in millionths of a USD

/** Return the value of a property, or undefined; UNKNOWN stands for a value that only AWS knows. */
const UNKNOWN = {};
function property(expression, scope) {
  if (expression === undefined) return undefined;
  try {
    if (Array.isArray(expression)) return expression.map(one => property(one, scope)).filter(one => one !== undefined);
    return resolve(expression, scope);
  } catch { return UNKNOWN; }
}

/** Return the number of units that a factor stands for, or undefined. */
function factor(name, get, usage) {
  if (name in usage) return usage[name];
  if (/^\d+$/.test(name)) return Number(name);
  const value = get(name);
  return Array.isArray(value) ? value.length : /^\d+$/.test(value) ? Number(value) : undefined;
}

/** Return the rows of the arithmetic, their sum, and sentences about everything that is not calculated. */
function monthlyCosts(existing, scope, usage) {
  const types = new Set(existing.map(name => Resources[name].Type)), covered = new Set(), items = [], missing = [];
  const getters = type => type === "parameters" ? [name => scope[name]]
    : existing.filter(name => Resources[name].Type === type).map(name => path => property((page.priced[name] || {})[path], scope));
  for (const line of page.lines) {
    if (line.charged && !types.has(line.charged)) continue;
    const groups = new Map();
    let matching = getters(line.type).filter(get => (!line.where || get(line.where[0]) === line.where[1]) && (!line.by || get(line.by) !== undefined));
    if (line.once) matching = matching.slice(0, 1);
    for (const get of matching) {
      const by = line.by ? get(line.by) : "", kind = by === UNKNOWN ? "an unknown type" : by;
      const numbers = line.factors.filter(name => name !== "count").map(name => factor(name, get, usage));
      const price = typeof line.price === "string" ? line.price : line.price[kind];
      const key = JSON.stringify([kind, numbers.map(one => one ?? null)]);
      const group = groups.get(key) || { text: line.text.replace("{}", kind), numbers, price, count: 0 };
      groups.set(key, { ...group, count: group.count + 1 });
      covered.add(line.charged || line.type);
    }
    for (const { text, numbers, price, count } of groups.values()) {
      if (price === undefined) missing.push(`${text}: the price is not in the table.`);
      else if (numbers.includes(undefined)) missing.push(`${text}: a number is not known.`);
      else {
        const factors = line.factors.includes("count") || count > 1 ? [count, ...numbers] : numbers;
        const total = factors.reduce((product, one) => product * one, Math.round(Number(price) * 1e6));
        items.push({ text, arithmetic: `${factors.join(" × ")} × ${price} ${line.unit}`, total });
      }
    }
  }
  for (const type of types) if (page.costs[type] && !covered.has(type)) missing.push(`${type}: ${page.costs[type]}`);
  return { items, missing: [...new Set(missing)], total: items.reduce((sum, { total }) => sum + total, 0) };
}

const usd = total => (Math.floor((total + 5000) / 10000) / 100).toFixed(2);
