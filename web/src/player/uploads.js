// PhotoPicker and DocumentPicker. A picked file stays in the browser: the flow learns its name, type,
// size and SHA-256, and no more is ever sent.

import { arrange, freshId, h, icon, same, setAttribute, setText } from "./dom.js";
import { describe, errorLine } from "./fields.js";

const HASHED_BYTES = 64 * 1024 * 1024;

export function upload(widget, player) {
  const photos = widget.component === "PhotoPicker";
  const id = freshId();
  const label = h("p", { class: "label", id });
  const about = h("p", { class: "about", id: freshId() });
  const hint = h("p", { class: "hint", id: freshId() });
  const error = errorLine();
  const picker = h("input", {
    type: "file",
    class: "unseen",
    tabindex: "-1",
    "aria-hidden": "true",
    onchange: () => add(),
  });
  const words = h("span", { id: freshId() }, photos ? "Add photos" : "Add documents");
  const control = h(
    "button",
    {
      type: "button",
      class: "picker",
      "aria-labelledby": `${id} ${words.id}`,
      onclick: () => picker.click(),
    },
    icon(photos ? "photo" : "document"),
    words,
  );
  const list = h("ul", { class: "files" });
  const node = h("div", { class: "upload" }, label, about, control, picker, hint, list, error.node);
  let now = widget;
  let listed;
  const add = async () => {
    const chosen = [...picker.files];
    picker.value = "";
    const known = await Promise.all(chosen.map(facts));
    player.send({ event: "media", name: now.name, files: [...now.files, ...known] });
  };
  const update = (next) => {
    now = next;
    setText(label, next.label);
    setText(about, next.description ?? "");
    setText(hint, next.hint ?? "");
    picker.multiple = next.most > 1;
    picker.accept = photos ? "image/*" : (next.types ?? []).join(",");
    setAttribute(picker, "capture", next.source === "camera" ? "environment" : "");
    control.disabled = next.enabled === false;
    if (!same([next.files, next.file_errors], listed)) {
      arrange(
        list,
        next.files.map((file) => row(file, next, player)),
      );
      listed = [next.files, next.file_errors];
    }
    list.hidden = !next.files.length;
    error.set(next.error ?? "");
    describe(control, error, about, hint);
    control.removeAttribute("aria-invalid");
  };
  const lines = () => {
    const names = [...list.querySelectorAll(".name")].map((each) => each.textContent).join(", ");
    return [
      `${label.textContent}: [${names}]${control.disabled ? "  (disabled)" : ""}`,
      ...[about, hint].filter((each) => !each.hidden).map((each) => `    ${each.textContent}`),
      ...[...list.querySelectorAll(".file-error")].map((each) => `    ✗ ${each.textContent}`),
      ...error.lines(),
    ];
  };
  return { node, update, lines };
}

function row(file, widget, player) {
  const wrong = widget.file_errors?.[file.id];
  const rest = widget.files.filter((each) => each.id !== file.id);
  return h(
    "li",
    {},
    icon("document"),
    h(
      "span",
      { class: "words" },
      h("span", { class: "name" }, file.file_name),
      h("span", { class: "size" }, size(file.size_bytes ?? 0)),
      wrong ? h("span", { class: "file-error" }, wrong) : null,
    ),
    h(
      "button",
      {
        type: "button",
        class: "round",
        "aria-label": `Remove ${file.file_name}`,
        onclick: () => player.send({ event: "media", name: widget.name, files: rest }),
      },
      icon("close"),
    ),
  );
}

function size(bytes) {
  return bytes < 1024 * 1024
    ? `${Math.ceil(bytes / 1024)} KB`
    : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

async function facts(file) {
  const known = {
    id: `media-${crypto.getRandomValues(new Uint32Array(2)).join("")}`,
    file_name: file.name,
    mime_type: file.type || "application/octet-stream",
    size_bytes: file.size,
  };
  // Only pages from this machine or over TLS may hash.
  if (!crypto.subtle || file.size > HASHED_BYTES) return known;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return { ...known, sha256: btoa(String.fromCharCode(...digest)) };
}
