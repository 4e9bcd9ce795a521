// Markdown becomes elements, and what an author wrote never becomes markup.

import assert from "node:assert/strict";
import { test } from "node:test";
import { markdown } from "../src/player/markdown.js";
import { outline } from "./elements.js";

const drawn = (source, rich = true) => markdown(source, rich).map(outline);

for (const [source, expected] of [
  ["plain", [["p", "plain"]]],
  ["<b>not bold</b>", [["p", "<b>not bold</b>"]]],
  ["**bold** and *italic*", [["p", ["strong", "bold"], " and ", ["em", "italic"]]]],
  ["~~gone~~", [["p", ["s", "gone"]]]],
  ["# Heading", [["p", "Heading"]]],
  ["- one\n- two", [["ul", ["li", "one"], ["li", "two"]]]],
  ["1. one\n2. two", [["ol", ["li", "one"], ["li", "two"]]]],
  ["[text](https://example.org)", [["p", ["a", "text"]]]],
  ["[text](javascript:alert)", [["p", "text"]]],
  ["", []],
]) {
  test(`${JSON.stringify(source)} is drawn as written`, () => {
    assert.deepEqual(drawn(source), expected);
  });
}

test("a heading is plain text where only spans are known", () => {
  assert.deepEqual(drawn("# Heading", false), [["p", "# Heading"]]);
});

test("a table has a head and rows", () => {
  const [[tag, [table, head, body]]] = drawn("| a | b |\n|---|---|\n| 1 | 2 |");

  assert.deepEqual([tag, table], ["div", "table"]);
  assert.deepEqual(head, ["thead", ["tr", ["th", "a"], ["th", "b"]]]);
  assert.deepEqual(body, ["tbody", ["tr", ["td", "1"], ["td", "2"]]]);
});

test("a document of very many lines is cut", () => {
  assert.ok(markdown("a\n".repeat(100_000), true).length <= 500);
});
