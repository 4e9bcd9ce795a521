// What may stand at a place of a Flow JSON: names of properties, and the values they take.
// The words come from the server, which reads them off the validator's own tables.
import { snippet } from "@codemirror/autocomplete";
import { jsonLanguage } from "@codemirror/lang-json";
import { syntaxTree } from "@codemirror/language";
import { Outline } from "./outline.js";
import { ask } from "./server.js";

const BINDING = /\$\{[\w.]*$/;

export function completions() {
  let words = null;
  // Words that did not come are asked for again at the next key; meanwhile nothing is proposed.
  const fetched = () =>
    (words ??= ask("/console/language.json").catch(() => {
      words = null;
      return null;
    }));
  return jsonLanguage.data.of({
    autocomplete: async (context) => {
      const known = await fetched();
      if (known === null) return null;
      const node = syntaxTree(context.state).resolveInner(context.pos, -1);
      return propose(context, node, new Outline(context.state, known));
    },
  });
}

function propose(context, node, outline) {
  if (node.name === "PropertyName") return names(context, node, node.parent.parent, outline);
  if (node.name === "String") return inString(context, node, outline);
  if (node.name === "Property" || node.parent?.name === "Property") {
    const property = node.name === "Property" ? node : node.parent;
    return unquotedValue(context, property, outline);
  }
  if (node.name === "Object" && context.explicit) return names(context, null, node, outline);
  return null;
}

// Names that the object can take and has not.
function names(context, node, object, outline) {
  if (object?.name !== "Object") return null;
  const own = node === null ? null : outline.text(node);
  const present = outline.namesIn(object).filter((name) => name !== own);
  const hasValue = node?.nextSibling?.name === ":";
  const options = outline
    .wordsOf(object)
    .filter((word) => !present.includes(word.name))
    .map((word) => ({
      label: word.name,
      type: "property",
      detail: word.required ? "required" : word.type,
      boost: word.required ? 1 : 0,
      write: snippet(hasValue ? `"${word.name}"` : `"${word.name}": ${start(word)}`),
    }));
  return answer(context, node, options);
}

function inString(context, node, outline) {
  const before = context.state.sliceDoc(node.from, context.pos);
  const binding = BINDING.exec(before);
  if (binding) {
    const options = outline.bindingsAt(node).map((label) => ({ label, type: "variable" }));
    const to = context.pos;
    return { from: to - binding[0].length, to: closing(context.state, to), options };
  }
  const { texts, kind } = outline.valuesAt(node);
  return answer(
    context,
    node,
    texts.map((label) => text(label, kind)),
  );
}

function unquotedValue(context, property, outline) {
  const name = property.getChild("PropertyName");
  const typed = context.state.sliceDoc(name?.to ?? context.pos, context.pos);
  const begun = /^\s*:\s*(\w*)$/.exec(typed);
  if (!name || !begun || (!context.explicit && !begun[1])) return null;
  const values = outline.valuesOf(property.parent, outline.text(name));
  const options = [
    ...values.texts.map((label) => ({ label, type: values.kind, apply: `"${label}"` })),
    ...values.bare.map((label) => ({ label, type: "keyword" })),
  ];
  return options.length ? { from: context.pos - begun[1].length, options } : null;
}

const text = (label, type) => ({
  label,
  type,
  write: (view, completion, from, to) =>
    view.dispatch({
      changes: { from, to, insert: `"${label}"` },
      selection: { anchor: from + label.length + 2 },
      userEvent: "input.complete",
    }),
});

// Options for the text between the quotes of a node, or at the cursor if there is no node yet.
// Each one writes the quotes too, in place of those that are there.
function answer(context, node, options) {
  if (!options.length) return null;
  if (node === null) {
    const here = options.map(({ write, ...option }) => ({ ...option, apply: write }));
    return { from: context.pos, options: here };
  }
  const closed = node.to - node.from > 1 && context.state.sliceDoc(node.to - 1, node.to) === '"';
  const quoted = options.map(({ write, ...option }) => ({
    ...option,
    apply: (view, completion, from, to) => {
      const quote = view.state.sliceDoc(to, to + 1) === '"' ? 1 : 0;
      write(view, completion, from - 1, to + quote);
    },
  }));
  const to = closed ? node.to - 1 : node.to;
  return { from: node.from + 1, to, options: quoted, validFor: /^[\w-]*$/ };
}

// A binding that is being typed may have its closing brace already.
const closing = (state, at) => (state.sliceDoc(at, at + 1) === "}" ? at + 1 : at);

// How a value of a type begins, with the cursor where it goes on.
function start(word) {
  if (word.type === "boolean") return "${true}";
  if (word.type === "action") return '{ "name": "${}" }';
  if (/^(array|components)/.test(word.type)) return "[${}]";
  if (/^(integer|number)$/.test(word.type)) return "${}";
  if (/^string|^expression|^binding/.test(word.type)) return '"${}"';
  return "{ ${} }";
}
