// The widgets that show something or lead on: texts, images, lists, links and the footer.
//
// A view is { node, update(widget), lines() }. `lines` reads back from the page what the widget
// shows, written as the terminal writes it, so that both can be compared.

import { arrange, h, icon, picture, same, setAttribute, setText, shortened } from "./dom.js";
import { markdown } from "./markdown.js";

const TAGS = { TextHeading: "h3", TextSubheading: "h4" };
const MARKS = { TextHeading: "# ", TextSubheading: "## " };
const LOOKS = {
  TextHeading: "heading",
  TextSubheading: "subheading",
  TextBody: "body",
  TextCaption: "caption",
  RichText: "body",
};

export function text(widget) {
  const node = h("div", { class: "text" });
  const tag = TAGS[widget.component] ?? "p";
  let now;
  const update = (next) => {
    if (same(next, now)) return;
    now = next;
    const look = [LOOKS[next.component], next.weight ?? "", next.strikethrough ? "struck" : ""];
    const blocks = next.markdown
      ? markdown(next.text.join("\n"), next.component === "RichText")
      : next.text.map((each) => h(tag, { class: look[0] }, shortened(each)));
    node.className = `text ${look.join(" ")}`;
    node.replaceChildren(...blocks);
  };
  const lines = () => {
    const shown = now.markdown ? now.text : [...node.children].map((each) => each.textContent);
    return shown.map((each) => (MARKS[now.component] ?? "") + each);
  };
  return { node, update, lines };
}

export function image() {
  const node = h("div", { class: "image" });
  let now;
  const update = (next) => {
    if (same(next, now)) return;
    now = next;
    const { src, alt_text = "", problem } = next.picture;
    const shown = picture(src, alt_text, next.scale ?? "contain", problem);
    if (next.width) shown.style.width = `${next.width}px`;
    if (next.height) shown.style.height = `${next.height}px`;
    else if (next.aspect_ratio) shown.style.aspectRatio = String(next.aspect_ratio);
    node.replaceChildren(shown);
  };
  return { node, update, lines: () => [`[image: ${altOf(node.firstElementChild)}]`] };
}

function altOf(shown) {
  return shown?.getAttribute("alt") ?? shown?.getAttribute("aria-label") ?? "";
}

export function carousel(widget, player) {
  const frame = h("div", { class: "frame" });
  const count = h("p", { class: "count", "aria-live": "polite" });
  const step = (by, label, name) =>
    h(
      "button",
      { type: "button", class: `turn ${name}`, "aria-label": label, onclick: () => turn(by) },
      icon(name),
    );
  const back = step(-1, "Previous image", "previous");
  const on = step(1, "Next image", "onward");
  const node = h(
    "div",
    {
      class: "carousel",
      role: "group",
      "aria-roledescription": "carousel",
      "aria-label": "Images",
    },
    frame,
    back,
    on,
    count,
  );
  let now;
  let at = 0;
  const turn = (by) => player.send({ event: "tap", key: now.key, item: String(at + by) });
  const update = (next) => {
    if (same(next, now)) return;
    now = next;
    at = next.shown ?? 0;
    const shown = next.pictures[at];
    frame.style.aspectRatio = (next.aspect_ratio ?? "4:3").replace(":", " / ");
    frame.replaceChildren(
      shown ? picture(shown.src, shown.alt_text ?? "", next.scale ?? "contain", shown.problem) : "",
    );
    count.textContent = `${at + 1} of ${next.pictures.length}`;
    back.disabled = at === 0;
    on.disabled = at + 1 >= next.pictures.length;
  };
  return {
    node,
    update,
    lines: () => [`[image ${count.textContent}: ${altOf(frame.firstElementChild)}]`],
  };
}

export function link(widget, player) {
  const label = h("span");
  const node = h(
    "button",
    {
      type: "button",
      class: "link",
      onclick: () => player.send({ event: "tap", key: widget.key }),
    },
    label,
  );
  const update = (next) => setText(label, next.text);
  return {
    node: h("div", { class: "link-row" }, node),
    update,
    lines: () => [`→ ${label.textContent}`],
  };
}

export function footer(widget, player) {
  const [left, center, right] = ["left", "center", "right"].map((name) =>
    h("span", { class: name }),
  );
  const why = h("span", { class: "unseen", id: `why-${widget.key}` });
  const label = h("span");
  const captions = h("p", { class: "captions" }, left, center, right);
  const button = h("button", { type: "button", class: "main", onclick: () => tap() }, label);
  let now;
  // Disabled but not out of reach: who cannot see the form must learn that it waits, and for what.
  const tap = () => {
    if (now.enabled === false) player.tell(now.why ?? "");
    else player.send({ event: "tap", key: now.key });
  };
  const update = (next) => {
    now = next;
    setText(left, next.left ?? "");
    setText(center, next.center ?? "");
    setText(right, next.right ?? "");
    captions.hidden = !(next.left || next.center || next.right);
    setText(label, next.label);
    setText(why, next.why ?? "");
    setAttribute(button, "aria-disabled", next.enabled === false ? "true" : "");
    setAttribute(button, "aria-describedby", next.why ? why.id : "");
  };
  const lines = () => {
    const line = [left, center, right]
      .map((each) => each.textContent)
      .filter(Boolean)
      .join("  ");
    const off = button.hasAttribute("aria-disabled");
    const reason = why.textContent ? ` ${why.textContent}` : "";
    return [
      ...(line ? [line] : []),
      `[ ${label.textContent} ]${off ? `  (disabled)${reason}` : ""}`,
    ];
  };
  return { node: h("div", { class: "footer" }, captions, button, why), update, lines };
}

export function navigationList(widget, player) {
  const label = h("h3", { class: "label" });
  const about = h("p", { class: "about" });
  const list = h("ul", { class: "entries" });
  const node = h("div", { class: "navigation" }, label, about, list);
  let now;
  const update = (next) => {
    if (same(next, now)) return;
    now = next;
    setText(label, next.label ?? "");
    setText(about, next.description ?? "");
    setAttribute(node, "data-media", next.large_media ? "large" : "");
    arrange(
      list,
      next.items.map((item) => entry(item, next.key, player)),
    );
  };
  const lines = () => [
    ...[label, about].filter((each) => !each.hidden).map((each) => each.textContent),
    ...[...list.children].map((each) => `  > ${each.line()}`),
  ];
  return { node, update, lines };
}

function entry(item, key, player) {
  const word = (name, value) => (value ? h("span", { class: name }, shortened(value)) : null);
  const title = h("span", { class: "title" }, shortened(item.title));
  const badge = word("badge", item.badge);
  const more = [word("description", item.description), word("metadata", item.metadata)];
  const end = (item.end ?? []).map((each) => h("span", {}, shortened(each)));
  const tags = (item.tags ?? []).map((each) => h("span", { class: "tag" }, shortened(each)));
  const button = h(
    "button",
    {
      type: "button",
      class: "entry",
      onclick: () => player.send({ event: "tap", key, item: item.id }),
    },
    item.image ? picture(item.image, item.alt_text ?? "", "thumb") : null,
    h(
      "span",
      { class: "words" },
      h("span", { class: "top" }, title, badge),
      ...more,
      tags.length ? h("span", { class: "tags" }, ...tags) : null,
    ),
    end.length ? h("span", { class: "end" }, ...end) : null,
    icon("onward"),
  );
  const node = h("li", {}, button);
  node.line = () =>
    [title, ...more, ...end, badge, ...tags]
      .filter(Boolean)
      .map((each) => each.textContent)
      .join(" — ");
  return node;
}
