// CheckboxGroup, RadioButtonsGroup, ChipsSelector and Dropdown.

import { arrange, freshId, h, picture, setAttribute, setText, shortened } from "./dom.js";
import { describe, errorLine, opener } from "./fields.js";

/** A group of boxes, buttons or chips; a dropdown shows its choice and opens a list. */
export function choice(widget, player) {
  if (widget.component === "Dropdown") return dropdown(widget, player);
  return group(widget, player, widget.component === "ChipsSelector" ? chip : box);
}

function group(widget, player, make) {
  const id = freshId();
  const label = h("p", { class: "label", id });
  const about = h("p", { class: "about", id: freshId() });
  const hint = h("p", { class: "hint", id: freshId() });
  const list = h("div", { class: widget.component === "ChipsSelector" ? "chips" : "options" });
  const error = errorLine();
  const role = widget.multiple ? "group" : "radiogroup";
  const node = h(
    "div",
    { class: "choice", role, "aria-labelledby": id },
    label,
    about,
    hint,
    list,
    error.node,
  );
  const rows = new Map();
  const group = freshId();
  const update = (next) => {
    setText(label, next.label);
    setText(about, next.description ?? "");
    setText(hint, next.hint ?? "");
    setAttribute(node, "aria-disabled", next.enabled === false ? "true" : "");
    setAttribute(list, "data-media", next.large_media ? "large" : "");
    for (const id of rows.keys())
      if (!next.options.some((option) => option.id === id)) rows.delete(id);
    const shown = next.options.map((option) => {
      if (!rows.has(option.id)) rows.set(option.id, make(option, next, player, group));
      const row = rows.get(option.id);
      row.update(option, next);
      return row.node;
    });
    arrange(list, shown);
    error.set(next.error ?? "");
    describe(node, error, about, hint);
    // Only some roles know these two; a group of boxes says it in its label and its error.
    if (widget.multiple) node.removeAttribute("aria-invalid");
    else setAttribute(node, "aria-required", next.required ? "true" : "");
  };
  const lines = () => {
    const off = node.hasAttribute("aria-disabled") ? "  (disabled)" : "";
    return [
      label.textContent + (/[?:]$/.test(label.textContent) ? "" : ":") + off,
      ...[about, hint].filter((each) => !each.hidden).map((each) => `    ${each.textContent}`),
      ...[...rows.values()].map((row) => row.line()),
      ...error.lines(),
    ];
  };
  return { node, update, lines };
}

function lineOf(mark, words, off) {
  return `    ${mark} ${words
    .filter((each) => each.textContent)
    .map((each) => each.textContent)
    .join(" — ")}${off ? "  (disabled)" : ""}`;
}

function box(option, widget, player, group) {
  const send = (event) => player.send({ event, name: widget.name, item: option.id });
  let selected = false;
  const control = h("input", {
    type: widget.multiple ? "checkbox" : "radio",
    name: group,
    onclick: () => {
      if (!widget.multiple && selected) send("unselect");
    },
    onchange: () => send(control.checked ? "select" : "unselect"),
  });
  const face = looks();
  const node = h("label", { class: "option" }, face.media, face.words, control);
  const update = (next, all) => {
    face.update(next);
    selected = Boolean(next.selected);
    // A box that was picked but has no answer yet stays as the user left it.
    if (!player.expects(widget.name)) control.checked = selected;
    control.disabled = next.enabled === false || all.enabled === false;
    control.dataset.off = next.enabled === false ? "yes" : "";
  };
  const marks = widget.multiple ? ["[x]", "[ ]"] : ["(•)", "( )"];
  const line = () => lineOf(marks[control.checked ? 0 : 1], face.texts, control.dataset.off);
  return { node, update, line };
}

function looks() {
  const media = h("span", { class: "media" });
  const title = h("span", { class: "title" });
  const description = h("span", { class: "description" });
  const metadata = h("span", { class: "metadata" });
  let now = {};
  const update = (next) => {
    setText(title, next.title);
    setText(description, next.description ?? "");
    setText(metadata, next.metadata ?? "");
    if (now.image !== next.image || now.color !== next.color || now.alt_text !== next.alt_text) {
      media.replaceChildren(...mediaOf(next));
      media.hidden = !media.children.length;
    }
    now = next;
  };
  media.hidden = true;
  return {
    media,
    words: h("span", { class: "words" }, title, description, metadata),
    texts: [title, description, metadata],
    update,
  };
}

function mediaOf(option) {
  if (option.image) return [picture(option.image, option.alt_text ?? "", "thumb")];
  if (!/^[0-9a-fA-F]{6}$/.test(option.color ?? "")) return [];
  const swatch = h("span", { class: "swatch", "aria-hidden": "true" });
  swatch.style.backgroundColor = `#${option.color}`;
  return [swatch];
}

function chip(option, widget, player) {
  const node = h("button", {
    type: "button",
    class: "chip",
    onclick: () =>
      player.send({
        event: node.getAttribute("aria-pressed") === "true" ? "unselect" : "select",
        name: widget.name,
        item: option.id,
      }),
  });
  const update = (next, all) => {
    setText(node, next.title);
    node.setAttribute("aria-pressed", next.selected ? "true" : "false");
    node.disabled = next.enabled === false || all.enabled === false;
    node.dataset.off = next.enabled === false ? "yes" : "";
  };
  const line = () =>
    lineOf(node.getAttribute("aria-pressed") === "true" ? "[x]" : "[ ]", [node], node.dataset.off);
  return { node, update, line };
}

function dropdown(widget, player) {
  const box = opener("listbox", "down", () => open());
  const { node, control, label, value, error } = box;
  let now = widget;
  const open = () => {
    const { content, focus } = listbox(now, label.textContent, (option) => {
      surface.close();
      player.send({
        event: option.selected ? "unselect" : "select",
        name: now.name,
        item: option.id,
      });
    });
    const surface = player.surface(now.label, content, { focus, from: control });
  };
  const update = (next) => {
    now = next;
    const chosen = next.options.find((option) => option.selected);
    box.update({
      words: next.label,
      shown: chosen ? chosen.title : "",
      filled: chosen,
      enabled: next.enabled !== false,
      wrong: next.error,
    });
    describe(control, error);
    control.removeAttribute("aria-invalid");
  };
  const lines = () => [
    label.textContent +
      (/[?:]$/.test(label.textContent) ? "" : ":") +
      (control.disabled ? "  (disabled)" : ""),
    ...now.options.map((option) => {
      const words = [option.title, option.description, option.metadata].filter(Boolean);
      const mark = option.selected && value.textContent === shortened(option.title) ? "(•)" : "( )";
      return `    ${mark} ${words.join(" — ")}${option.enabled === false ? "  (disabled)" : ""}`;
    }),
    ...error.lines(),
  ];
  return { node, update, lines };
}

/** A list to pick one from, worked with arrows, Home, End, the first letters, Enter and Space. */
function listbox(widget, label, pick) {
  const rows = widget.options.map((option) => {
    const face = looks();
    face.update(option);
    const row = h(
      "li",
      {
        role: "option",
        class: "option",
        tabindex: "-1",
        "aria-selected": option.selected ? "true" : "false",
        "aria-disabled": option.enabled === false ? "true" : null,
        onclick: () => option.enabled !== false && pick(option),
      },
      face.media,
      face.words,
      h("span", { class: "mark", "aria-hidden": "true" }),
    );
    return { row, option };
  });
  const list = h(
    "ul",
    {
      role: "listbox",
      class: "options listbox",
      "aria-label": label,
      onkeydown: (event) => key(event),
    },
    ...rows.map(({ row }) => row),
  );
  const focus = (index) => {
    const { row } = rows[Math.max(0, Math.min(rows.length - 1, index))] ?? {};
    for (const each of rows) each.row.tabIndex = each.row === row ? 0 : -1;
    row?.focus();
  };
  let typed = "";
  let forget;
  const key = (event) => {
    const at = rows.findIndex(({ row }) => row === event.target);
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 };
    if (event.key in moves) focus(moves[event.key]);
    else if (event.key === "Enter" || event.key === " ") event.target.click();
    else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) {
      clearTimeout(forget);
      forget = setTimeout(() => (typed = ""), 700);
      typed += event.key.toLowerCase();
      const found = rows.findIndex(({ option }) => option.title.toLowerCase().startsWith(typed));
      if (found >= 0) focus(found);
    } else return;
    event.preventDefault();
  };
  const selected = rows.findIndex(({ option }) => option.selected);
  return { content: list, focus: () => focus(Math.max(selected, 0)) };
}
