// What stands over the screen and must be dealt with first: lists, calendars, questions. Escape and
// a tap beside it close it; Tab stays within; the focus goes back to where it was.

import { freshId, h, icon, openable } from "./dom.js";

/** The surfaces of one player. `root` is its shadow root, `changed` hears whether there are any. */
export class Surfaces {
  open = [];

  constructor(root, changed) {
    this.root = root;
    this.changed = changed;
    this.node = h("div", { class: "surfaces" });
  }

  /** Shows content under a title; `kind` is drawer or dialog. Gives back what closes it. */
  show(title, content, { focus, from = null, kind = "drawer" }) {
    const back = from ?? this.root.activeElement;
    const id = freshId();
    const close = () => {
      layer.remove();
      this.open = this.open.filter((each) => each !== layer);
      this.changed();
      if (back?.isConnected) back.focus();
    };
    const key = (event) => {
      if (event.key === "Escape") close();
      if (event.key === "Tab") this.keepInside(panel, event);
    };
    const shut = h(
      "button",
      { type: "button", class: "round", "aria-label": "Cancel", onclick: close },
      icon("close"),
    );
    const head = h("h2", { id }, title);
    const panel = h(
      "div",
      {
        class: `surface ${kind}`,
        // A click beside what can be pressed must not take the focus, and Escape with it, away.
        tabindex: "-1",
        role: "dialog",
        "aria-modal": "true",
        "aria-labelledby": id,
        onkeydown: key,
      },
      h("div", { class: "surface-head" }, head, kind === "drawer" ? shut : null),
      content,
    );
    const layer = h(
      "div",
      { class: "scrim", onclick: (e) => e.target === layer && close() },
      panel,
    );
    this.open.push(layer);
    this.node.append(layer);
    this.changed();
    focus();
    return { close };
  }

  /** Takes all away, without moving the focus. */
  clear() {
    for (const layer of this.open) layer.remove();
    this.open = [];
    this.changed();
  }

  keepInside(panel, event) {
    const stops = [...panel.querySelectorAll("button, a, input, select, [tabindex='0']")].filter(
      (each) => !each.disabled && each.tabIndex >= 0,
    );
    const at = stops.indexOf(this.root.activeElement);
    const next = event.shiftKey ? at - 1 : at + 1;
    if (next >= 0 && next < stops.length) return;
    event.preventDefault();
    stops.at(event.shiftKey ? -1 : 0)?.focus();
  }

  /** Asks before what was entered is lost. */
  askToClose(close) {
    const stay = plainButton("Stay", () => surface.close());
    const go = plainButton("Close", () => {
      surface.close();
      close();
    });
    const words = h("p", {}, "Your input has not been sent and will be lost.");
    const surface = this.show(
      "Close this form?",
      h("div", {}, words, h("div", { class: "buttons" }, stay, go)),
      { kind: "dialog", focus: () => stay.focus() },
    );
  }

  /** Offers an address to open, or says that it must not be opened. */
  offerLink(url) {
    const address = openable(url);
    const words = h("p", { class: "address" }, url);
    const done = plainButton(address ? "Cancel" : "Close", () => surface.close());
    const open =
      address &&
      h(
        "a",
        {
          class: "plain",
          href: address,
          target: "_blank",
          rel: "noopener noreferrer",
          onclick: () => surface.close(),
        },
        "Open",
      );
    const surface = this.show(
      address ? "Open this link?" : "This address cannot be opened.",
      h("div", {}, words, h("div", { class: "buttons" }, done, open)),
      { kind: "dialog", focus: () => (open ?? done).focus() },
    );
  }
}

/** A button that looks like a link. */
export function plainButton(label, press) {
  return h("button", { type: "button", class: "plain", onclick: press }, label);
}
