// The widgets one fills in with text or a tick, and what all inputs share: label, error, description.

import { freshId, h, icon, setAttribute, setText } from "./dom.js";

/** Where an input's error stands; said aloud when it comes. */
export function errorLine() {
  const words = h("span");
  const id = freshId();
  const node = h("p", { class: "error", id, "aria-live": "polite" }, icon("error"), words);
  const set = (text) => {
    setText(words, text);
    setAttribute(node, "data-on", text ? "yes" : "");
  };
  const lines = () => (words.textContent ? [`    ✗ ${words.textContent}`] : []);
  return { node, id, set, lines };
}

/** Ties an input to the texts that describe it, those that have words just now. */
export function describe(control, error, ...more) {
  const described = [...more, error.node].filter((each) => each.textContent).map((each) => each.id);
  setAttribute(control, "aria-describedby", described.join(" "));
  setAttribute(control, "aria-invalid", error.node.textContent ? "true" : "");
}

/** A box with a label that shows a value and opens something over the screen to change it. */
export function opener(popup, sign, open, ...below) {
  const id = freshId();
  const label = h("span", { class: "floating", id });
  const value = h("span", { class: "value", id: freshId() });
  const error = errorLine();
  const control = h(
    "button",
    {
      type: "button",
      class: "box opener",
      "aria-haspopup": popup,
      "aria-labelledby": `${id} ${value.id}`,
      onclick: () => open(),
    },
    label,
    value,
    icon(sign),
  );
  const node = h("div", { class: "field" }, control, error.node, ...below);
  const update = ({ words, shown, filled, enabled, wrong }) => {
    setText(label, words);
    setText(value, shown);
    setAttribute(control, "data-filled", filled ? "yes" : "");
    control.disabled = !enabled;
    error.set(wrong ?? "");
  };
  return { node, control, label, value, error, update };
}

const MODES = { number: "decimal", phone: "tel", email: "email", passcode: "numeric" };
const SECRET = new Set(["password", "passcode"]);

export function textField(widget, player) {
  const area = widget.component === "TextArea";
  const id = freshId();
  const label = h("label", { for: id });
  const control = h(area ? "textarea" : "input", {
    id,
    name: widget.name,
    autocomplete: "off",
    oninput: () => player.send({ event: "type", name: widget.name, text: control.value }),
  });
  if (area) control.rows = 4;
  const helper = h("p", { class: "helper", id: freshId() });
  const counter = h("p", { class: "counter", id: freshId() });
  const error = errorLine();
  const node = h(
    "div",
    { class: "field" },
    h("div", { class: "box" }, label, control),
    error.node,
    h("div", { class: "below" }, helper, counter),
  );
  const update = (next) => {
    setText(label, next.label);
    if (!area) {
      setAttribute(control, "type", SECRET.has(next.input_type) ? "password" : "text");
      setAttribute(control, "inputmode", MODES[next.input_type] ?? "");
    }
    // What is being typed is ahead of the answer: then the box is left alone, and its caret too.
    if (control.value !== next.value && !player.expects(next.name)) control.value = next.value;
    control.disabled = next.enabled === false;
    setAttribute(control, "aria-required", next.required ? "true" : "");
    setAttribute(node, "data-label", next.large_label ? "large" : "");
    setText(helper, next.helper ?? "");
    setText(counter, next.counter ?? "");
    error.set(next.error ?? "");
    describe(control, error, helper, counter);
  };
  const lines = () => {
    const value =
      control.type === "password" ? "•".repeat([...control.value].length) : control.value;
    const below = [helper, counter]
      .map((each) => each.textContent)
      .filter(Boolean)
      .join("  ");
    return [
      `${label.textContent}: [${value}]${control.disabled ? "  (disabled)" : ""}`,
      ...(below ? [`    ${below}`] : []),
      ...error.lines(),
    ];
  };
  return { node, update, lines };
}

export function optIn(widget, player) {
  const id = freshId();
  const label = h("label", { for: id });
  const control = h("input", {
    id,
    type: "checkbox",
    onchange: () =>
      player.send({ event: control.checked ? "select" : "unselect", name: widget.name }),
  });
  const more = h("button", {
    type: "button",
    class: "link",
    onclick: () => player.send({ event: "tap", key: widget.key }),
  });
  const error = errorLine();
  const node = h("div", { class: "opt-in" }, control, h("div", {}, label, " ", more), error.node);
  const update = (next) => {
    setText(label, next.label);
    setText(more, next.link ?? "");
    setAttribute(more, "aria-label", next.link ? `${next.link}: ${next.label}` : "");
    if (!player.expects(next.name)) control.checked = next.value;
    setAttribute(control, "aria-required", next.required ? "true" : "");
    error.set(next.error ?? "");
    describe(control, error);
  };
  const lines = () => [
    `[${control.checked ? "x" : " "}] ${label.textContent}${more.hidden ? "" : `  → ${more.textContent}`}`,
    ...error.lines(),
  ];
  return { node, update, lines };
}
