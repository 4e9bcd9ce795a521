// Findings of the server's validator while typing: underlined in the text and listed beside it.
import { forEachDiagnostic, linter, lintGutter } from "@codemirror/lint";
import { ask } from "./server.js";
import { textOf } from "./view.js";

const PAUSE_MS = 300;
const MOST_LISTED = 200;

export function attachChecks({ list, count }) {
  let request = new AbortController();
  const listeners = [];

  async function check(view) {
    request.abort();
    request = new AbortController();
    const { state } = view;
    let faults, complete;
    try {
      const body = { flowJson: textOf(state) };
      ({ faults, complete } = await ask("/console/check", body, request.signal));
    } catch (error) {
      if (error.name !== "AbortError") count.textContent = `not checked: ${error.message}`;
      return [];
    }
    const found = faults.map((fault) => asDiagnostic(state.doc, fault));
    if (state.doc === view.state.doc) {
      show(view, found, complete);
      for (const listener of listeners) listener();
    }
    return found;
  }

  function show(view, found, complete) {
    count.textContent =
      counted(found) + (complete ? "" : ", and possibly more that were not checked");
    // From here on it holds buttons, which bring a keyboard to it.
    list.removeAttribute("tabindex");
    list.replaceChildren(...found.slice(0, MOST_LISTED).map((fault) => item(view, fault)));
    if (found.length > MOST_LISTED) {
      const rest = document.createElement("li");
      rest.className = "rest";
      rest.textContent = `and ${found.length - MOST_LISTED} more`;
      list.append(rest);
    }
  }

  return {
    extension: [linter(check, { delay: PAUSE_MS }), lintGutter()],
    onChecked: (listener) => listeners.push(listener),
  };
}

function item(view, fault) {
  const entry = document.createElement("li");
  entry.className = fault.severity;
  const button = document.createElement("button");
  button.type = "button";
  button.append(span("place", fault.shownPlace), span("", fault.message));
  if (fault.help) button.append(span("small", fault.help));
  button.addEventListener("click", () => goTo(view, fault));
  entry.append(button);
  return entry;
}

function span(name, text) {
  const element = document.createElement("span");
  if (name) element.className = name;
  element.textContent = text;
  return element;
}

// To where the fault is by now: the text may have moved since it was checked.
function goTo(view, fault) {
  let at = null;
  forEachDiagnostic(view.state, (diagnostic, from, to) => {
    if (diagnostic === fault) at = { anchor: from, head: to };
  });
  const end = view.state.doc.length;
  at ??= { anchor: Math.min(fault.from, end), head: Math.min(fault.to, end) };
  view.dispatch({ selection: at, scrollIntoView: true });
  view.focus();
}

function counted(found) {
  const errors = found.filter((fault) => fault.severity === "error").length;
  const warnings = found.length - errors;
  const parts = [];
  if (errors) parts.push(errors === 1 ? "1 error" : `${errors} errors`);
  if (warnings) parts.push(warnings === 1 ? "1 warning" : `${warnings} warnings`);
  return parts.join(", ") || "none";
}

function asDiagnostic(doc, fault) {
  const place = fault.places[0];
  const from = offset(doc, place.line, place.column - 1);
  // Of an object over many lines the first is enough: its whole text in red shows nothing.
  const end = Math.min(offset(doc, place.last_line, place.last_column), doc.lineAt(from).to);
  const to = Math.max(from, end);
  return {
    from,
    to,
    severity: fault.severity,
    source: fault.code,
    message: fault.message,
    help: fault.help,
    shownPlace: `${place.line}:${place.column}`,
  };
}

// The validator counts code points, the editor UTF-16 units; a byte order mark is not counted.
function offset(doc, lineNumber, codePoints) {
  if (lineNumber > doc.lines) return doc.length;
  const line = doc.line(lineNumber);
  const text = line.text;
  let at = lineNumber === 1 && text.startsWith("\ufeff") ? 1 : 0;
  for (let left = codePoints; left > 0 && at < text.length; left -= 1) {
    at += text.codePointAt(at) > 0xffff ? 2 : 1;
  }
  return line.from + at;
}
