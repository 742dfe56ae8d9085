// Reads requests, one line of JSON each, and writes one line for each. It uses the code of GitHub's language service.
// {name, document}: returns the errors of a workflow.
// {text, contexts}: returns the text with the value of each ${{ expression }}.
import { registerHooks } from "node:module";
import { createInterface } from "node:readline";

// the packages are written for bundlers: they import JSON without the attribute that node requires
const json = { importAttributes: { type: "json" } };
registerHooks({ load: (url, context, next) => next(url, url.endsWith(".json") ? { ...context, ...json } : context) });
const { validate } = await import("@actions/languageservice");
const { Evaluator, Lexer, Parser, data } = await import("@actions/expressions");
const { TextDocument } = await import("vscode-languageserver-textdocument");

let count = 0;

async function errors(name, document) {
  // a new address for each document: the service caches documents by their address
  count += 1;
  const found = await validate(TextDocument.create(`file:///${count}/${name}`, "yaml", 1, document), {});
  return found.map(({ range, message }) => `${name}:${range.start.line + 1}: ${message}`);
}

function evaluated(text, contexts) {
  const known = JSON.parse(JSON.stringify(contexts), data.reviver);
  return text.replaceAll(/\$\{\{(.*?)\}\}/g, (_, expression) => {
    const parsed = new Parser(new Lexer(expression).lex().tokens, Object.keys(contexts), []).parse();
    return new Evaluator(parsed, known).evaluate().coerceString();
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const { name, document, text, contexts } = JSON.parse(line);
  const answer = document === undefined ? evaluated(text, contexts) : await errors(name, document);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
