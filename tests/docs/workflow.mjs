// Answers each line of JSON on standard input with one on standard output, by GitHub's own code for its editors:
// {name, document} with what is wrong in a workflow; {text, contexts} with the text, each ${{ expression }} evaluated.
import { registerHooks } from "node:module";
import { createInterface } from "node:readline";

// the packages import JSON as bundlers want it, without saying that it is JSON
const json = { importAttributes: { type: "json" } };
registerHooks({ load: (url, context, next) => next(url, url.endsWith(".json") ? { ...context, ...json } : context) });
const { validate } = await import("@actions/languageservice");
const { Evaluator, Lexer, Parser, data } = await import("@actions/expressions");
const { TextDocument } = await import("vscode-languageserver-textdocument");

let asked = 0;

async function faults(name, document) {
  // it remembers what it has read under an address
  asked += 1;
  const found = await validate(TextDocument.create(`file:///${asked}/${name}`, "yaml", 1, document), {});
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
  const answer = document === undefined ? evaluated(text, contexts) : await faults(name, document);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
