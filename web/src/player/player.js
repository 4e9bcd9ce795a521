// Draws a flow as a phone shows it and sends what a person does to a host that plays it.
//
//     const player = mountPlayer(element, { post, onStep });
//     player.start({ event: "open" });
//
// `post(message)` takes {state, event, live} to the server and gives back its answer {state, screen,
// effects, log, refused, summary}. The page holds the state and sends it along; it decides nothing.
// Without an event a message asks to carry out the endpoint request that the state waits for.
// Everything is drawn in a shadow root, so that neither page nor player styles the other.

import { choice } from "./choices.js";
import { dates } from "./dates.js";
import { arrange, freshId, h, icon, openable, setAttribute, setText } from "./dom.js";
import { optIn, textField } from "./fields.js";
import css from "./player.css" with { type: "text" };
import { carousel, footer, image, link, navigationList, text } from "./shown.js";
import { upload } from "./uploads.js";

const VIEWS = {
  text,
  "text-field": textField,
  choice,
  "opt-in": optIn,
  dates,
  upload,
  footer,
  link,
  "navigation-list": navigationList,
  image,
  carousel,
};
const LONGEST_LINE = 300;
const TOLD_MS = 6000;

/**
 * Puts a player into an element.
 *
 * Options: `post`, needed; `live`, whether the endpoint may be called; `answersFor(request)`, while
 * it may not, the made-up answers to offer, as [label, message] pairs; `onStep(answer, event)`,
 * called after each answer; `business`, the name in the chat; `theme`, light, dark or system.
 */
export function mountPlayer(element, options) {
  const player = new Player(element, options);
  return {
    start: (event) => player.start(event),
    send: (event) => player.send(event),
    answer: (message) => player.answer(message),
    redraw: () => player.redraw(),
    setTheme: (theme) => player.setTheme(theme),
    setLive: (live) => (player.options.live = live),
    drawn: () => player.drawn(),
    idle: () => player.idle(),
    get state() {
      return player.state;
    },
    get screen() {
      return player.screen;
    },
    unmount: () => player.unmount(),
  };
}

class Player {
  state = null;
  screen = null;
  queue = [];
  busy = false;
  inFlight = null;
  // Answers to what was asked before the flow was started anew are not wanted any more.
  round = 0;
  views = new Map();
  surfaces = [];

  constructor(element, options) {
    this.options = options;
    this.root = element.shadowRoot ?? element.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    this.root.adoptedStyleSheets = [sheet];
    this.build();
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    this.followSystem = () => this.setTheme(this.theme);
    this.dark.addEventListener("change", this.followSystem);
    this.setTheme(options.theme ?? "system");
  }

  build() {
    this.title = h("h2", { class: "title", tabindex: "-1", id: freshId() });
    this.leave = h("button", { type: "button", class: "round", onclick: () => this.tapLeave() });
    this.close = h("button", { type: "button", class: "round", "aria-label": "Close", onclick: () => this.askToClose() }, icon("close"));
    this.progress = h("div", { class: "progress", role: "progressbar", "aria-label": "Progress", "aria-valuemin": "0" }, h("span"));
    // It scrolls, so a keyboard must be able to get to it even where it has nothing to press.
    this.body = h("div", { class: "screen", tabindex: "0", role: "group", "aria-labelledby": this.title.id });
    this.bottom = h("div", { class: "bottom" });
    this.managed = h("p", { class: "managed" }, "Managed by the business. ", h("span", {}, "Learn more"));
    this.snackbar = h("div", { class: "snackbar", role: "alert" }, h("p", { class: "message" }), h("p", { class: "detail" }));
    this.toast = h("p", { class: "toast", role: "status", hidden: true });
    this.trouble = h("div", { class: "trouble", role: "alert", hidden: true });
    this.overlay = h("div", { class: "overlay", hidden: true }, h("div", { class: "spinner", "aria-hidden": "true" }), h("p", { role: "status" }), h("div", { class: "buttons" }));
    this.sheet = h(
      "section",
      { class: "sheet", "aria-labelledby": this.title.id },
      h("header", {}, this.leave, this.title, this.close),
      this.progress,
      this.body,
      this.snackbar,
      this.bottom,
    );
    this.chat = h("section", { class: "chat", "aria-label": "Chat", hidden: true });
    this.surfaceLayer = h("div", { class: "surfaces" });
    this.phone = h("div", { class: "phone" }, this.chat, this.sheet, this.overlay, this.surfaceLayer, this.toast, this.trouble);
    this.root.replaceChildren(this.phone);
  }

  setTheme(theme) {
    this.theme = theme;
    const dark = theme === "dark" || (theme === "system" && this.dark.matches);
    this.phone.dataset.theme = dark ? "dark" : "light";
  }

  unmount() {
    this.round += 1;
    this.queue = [];
    this.dark.removeEventListener("change", this.followSystem);
    this.root.replaceChildren();
  }

  // --- asking the host

  /** Forgets what there is and lets an opening event happen. */
  start(event) {
    this.round += 1;
    this.queue = [];
    this.busy = false;
    this.state = null;
    this.screen = null;
    this.closeSurfaces();
    this.send(event);
  }

  /** Lets an event happen, after those before it. A text typed on replaces the one still waiting. */
  send(event) {
    const waiting = this.screen?.phase === "waiting";
    if (waiting && event.event !== "close") return;
    const last = this.queue.at(-1);
    if (last && last.event === "type" && event.event === "type" && last.name === event.name) this.queue.pop();
    this.queue.push(event);
    this.work();
  }

  /** Whether an input was changed in a way that no answer tells yet. */
  expects(name) {
    return this.queue.some((event) => event.name === name);
  }

  /** Draws the same state again, of a document that may have changed. */
  async redraw() {
    if (!this.state) return null;
    const round = this.round;
    const answer = await this.ask({ state: this.state });
    if (answer && round === this.round) this.take(answer, null);
    return answer;
  }

  async work() {
    if (this.busy) return;
    this.busy = true;
    const round = this.round;
    while (this.queue.length && round === this.round) {
      const event = this.queue.shift();
      const answer = await this.ask({ state: this.state, event });
      if (round !== this.round) return;
      if (!answer) {
        this.queue = [];
        break;
      }
      this.take(answer, event);
    }
    this.busy = false;
    if (this.screen?.phase === "waiting") this.wait();
    this.settled();
  }

  async ask(message) {
    try {
      const answer = await this.options.post(message);
      this.trouble.hidden = true;
      return answer;
    } catch (error) {
      this.showTrouble(error, message);
      return null;
    }
  }

  async wait() {
    if (!this.options.live || this.asking) return;
    this.asking = true;
    const { round } = this;
    const { request } = this.state;
    const answer = await this.ask({ state: this.state, live: true });
    this.asking = false;
    if (answer && round === this.round && this.state.request === request) this.take(answer, null);
    this.settled();
  }

  /** Settles once nothing is asked any more. */
  idle() {
    if (!this.busy && !this.asking && !this.queue.length) return Promise.resolve();
    return new Promise((resolve) => (this.waiters ??= []).push(resolve));
  }

  settled() {
    if (this.busy || this.asking) return;
    const waiters = this.waiters ?? [];
    this.waiters = [];
    for (const resolve of waiters) resolve();
  }

  take(answer, event) {
    const before = this.screen;
    this.state = answer.state;
    this.screen = answer.screen;
    this.draw(before);
    if (answer.refused) this.explain(answer, event);
    for (const effect of answer.effects ?? []) if (effect.effect === "open_url") this.offerLink(effect.url);
    this.options.onStep?.(answer, event);
    if (answer.screen.phase === "completed" || answer.screen.phase === "closed") this.drawChat(answer);
  }

  explain(answer, event) {
    const invalid = this.root.querySelector("[data-on=yes]")?.parentElement;
    if (event?.event === "tap" && invalid) {
      (invalid.querySelector("input:not(.unseen), textarea, button, select") ?? invalid).focus();
    } else {
      this.tell(answer.refused);
    }
  }

  // --- drawing

  draw(before) {
    const { screen } = this;
    const over = screen.phase === "completed" || screen.phase === "closed" || screen.phase === "new";
    const moved = !before || before.screen !== screen.screen || before.step !== screen.step;
    this.sheet.hidden = over;
    this.chat.hidden = !over;
    if (over) this.closeSurfaces();
    if (moved) {
      this.views.clear();
      this.closeSurfaces();
    }
    setText(this.title, screen.title || screen.screen || " ");
    this.title.hidden = false;
    const back = Boolean(screen.can_go_back);
    this.leave.replaceChildren(icon(back ? "back" : "close"));
    this.leave.setAttribute("aria-label", back ? "Back" : "Close");
    this.close.hidden = !back;
    this.drawProgress(screen);
    this.drawWidgets(screen.widgets ?? []);
    this.drawSnackbar(screen);
    this.drawOverlay(screen);
    if (moved && !over) {
      this.body.scrollTop = 0;
      if (before) this.title.focus({ preventScroll: true });
    }
  }

  drawProgress(screen) {
    this.progress.hidden = !screen.steps;
    if (!screen.steps) return;
    setAttribute(this.progress, "aria-valuemax", screen.steps);
    setAttribute(this.progress, "aria-valuenow", screen.step);
    setAttribute(this.progress, "aria-valuetext", `Screen ${screen.step} of ${screen.steps}`);
    this.progress.firstChild.style.width = `${(100 * screen.step) / screen.steps}%`;
  }

  drawWidgets(widgets) {
    const kept = new Map();
    for (const widget of widgets) {
      const id = `${widget.key} ${widget.component} ${widget.parts?.length ?? ""} ${widget.multiple ?? ""}`;
      const view = this.views.get(id) ?? VIEWS[widget.widget](widget, this);
      view.update(widget);
      view.node.dataset.component = widget.component;
      view.bottom = widget.widget === "footer";
      kept.set(id, view);
    }
    this.views = kept;
    const views = [...kept.values()];
    arrange(this.body, views.filter((view) => !view.bottom).map((view) => view.node));
    arrange(this.bottom, [...views.filter((view) => view.bottom).map((view) => view.node), this.managed]);
  }

  drawSnackbar(screen) {
    const [message, detail] = this.snackbar.children;
    setText(message, screen.snackbar ?? "");
    setText(detail, screen.detail ?? "");
    this.snackbar.hidden = !screen.snackbar && !screen.detail;
  }

  drawOverlay(screen) {
    const waiting = screen.phase === "waiting";
    const [spinner, message, buttons] = this.overlay.children;
    this.overlay.hidden = !waiting;
    this.sheet.inert = waiting || this.surfaces.length > 0;
    if (!waiting) return;
    spinner.hidden = !this.options.live;
    this.overlay.dataset.live = this.options.live ? "yes" : "no";
    message.textContent = this.options.live ? "Loading…" : "The flow asks its endpoint. The preview calls it only when interactive=true; choose what it answers:";
    const offered = this.options.live ? [] : (this.options.answersFor?.(this.state.request) ?? []);
    buttons.replaceChildren(
      ...offered.map(([label, more]) => h("button", { type: "button", class: "plain", onclick: () => this.answer(more) }, label)),
      h("button", { type: "button", class: "plain", onclick: () => this.send({ event: "close" }) }, "Close the flow"),
    );
    if (!this.options.live) buttons.firstElementChild.focus();
  }

  /** Goes on with what stands for the endpoint's answer. */
  async answer(message) {
    const { round } = this;
    const answer = await this.ask({ state: this.state, ...message });
    if (answer && round === this.round) this.take(answer, null);
  }

  drawChat(answer) {
    const done = answer.screen.phase === "completed";
    const lines = (answer.summary ?? []).flatMap((line) => [h("dt", {}, line.label), h("dd", {}, line.text)]);
    const heading = h("h2", { class: "bubble-title", tabindex: "-1" }, done ? "Response sent" : "Flow closed");
    const words = done ? null : h("p", {}, answer.screen.snackbar || "It was closed without a response.");
    const bubble = h(
      "div",
      { class: `bubble ${done ? "own" : "note"}` },
      heading,
      words,
      lines.length ? h("details", {}, h("summary", {}, "View response"), h("dl", {}, ...lines)) : null,
    );
    const asked = h("div", { class: "bubble" }, h("p", {}, this.options.business ?? "The business"), h("button", { type: "button", class: "cta", onclick: () => this.options.onAgain?.() }, icon("form"), "Open the flow again"));
    this.chat.replaceChildren(asked, bubble);
    heading.focus({ preventScroll: true });
  }

  // --- what stands over the screen

  tapLeave() {
    if (this.screen?.can_go_back) this.send({ event: "back" });
    else this.askToClose();
  }

  askToClose() {
    const entered = Object.values(this.state?.pages ?? {}).some((page) => page.edited?.length || Object.keys(page.form ?? {}).length);
    if (!entered) {
      this.send({ event: "close" });
      return;
    }
    const stay = h("button", { type: "button", class: "plain", onclick: () => surface.close() }, "Stay");
    const go = h("button", { type: "button", class: "plain", onclick: () => (surface.close(), this.send({ event: "close" })) }, "Close");
    const words = h("p", {}, "What you entered is not sent and will be lost.");
    const surface = this.surface("Close this form?", h("div", {}, words, h("div", { class: "buttons" }, stay, go)), { kind: "dialog", focus: () => stay.focus() });
  }

  offerLink(url) {
    const address = openable(url);
    const words = h("p", { class: "address" }, url);
    const done = h("button", { type: "button", class: "plain", onclick: () => surface.close() }, address ? "Cancel" : "Close");
    const open = address ? h("a", { class: "plain", href: address, target: "_blank", rel: "noopener noreferrer", onclick: () => surface.close() }, "Open") : null;
    const title = address ? "Open this link?" : "This address cannot be opened.";
    const surface = this.surface(title, h("div", {}, words, h("div", { class: "buttons" }, done, open)), { kind: "dialog", focus: () => (open ?? done).focus() });
  }

  /** Shows something over the screen that must be dealt with first; Escape and a tap beside it close. */
  surface(title, content, { focus, from = null, kind = "drawer" }) {
    const back = from ?? this.root.activeElement;
    const id = freshId();
    const shut = h("button", { type: "button", class: "round", "aria-label": "Cancel", onclick: () => close() }, icon("close"));
    const panel = h(
      "div",
      { class: `surface ${kind}`, role: "dialog", "aria-modal": "true", "aria-labelledby": id, onkeydown: (event) => key(event) },
      h("div", { class: "surface-head" }, h("h2", { id }, title), kind === "drawer" ? shut : null),
      content,
    );
    const layer = h("div", { class: "scrim", onclick: (event) => event.target === layer && close() }, panel);
    const key = (event) => {
      if (event.key === "Escape") close();
      if (event.key === "Tab") this.keepInside(panel, event);
    };
    const surface = { layer };
    const close = () => {
      layer.remove();
      this.surfaces = this.surfaces.filter((each) => each !== surface);
      this.sheet.inert = this.surfaces.length > 0 || this.screen?.phase === "waiting";
      if (back?.isConnected) back.focus();
    };
    surface.close = close;
    this.surfaces.push(surface);
    this.sheet.inert = true;
    this.surfaceLayer.append(layer);
    focus();
    return surface;
  }

  keepInside(panel, event) {
    const stops = [...panel.querySelectorAll("button, a, input, select, [tabindex='0']")].filter((each) => !each.disabled && each.tabIndex >= 0);
    const at = stops.indexOf(this.root.activeElement);
    const next = event.shiftKey ? at - 1 : at + 1;
    if (next >= 0 && next < stops.length) return;
    event.preventDefault();
    stops.at(event.shiftKey ? -1 : 0)?.focus();
  }

  closeSurfaces() {
    for (const surface of this.surfaces) surface.layer.remove();
    this.surfaces = [];
    this.sheet.inert = false;
  }

  /** Says something in passing. */
  tell(words) {
    setText(this.toast, words);
    clearTimeout(this.untell);
    this.untell = setTimeout(() => setText(this.toast, ""), TOLD_MS);
  }

  showTrouble(error, message) {
    const again = h("button", { type: "button", class: "plain", onclick: () => retry() }, "Try again");
    const retry = () => {
      this.trouble.hidden = true;
      if (message.event) this.send(message.event);
      else if (this.screen?.phase === "waiting") this.wait();
    };
    const dismiss = h("button", { type: "button", class: "plain", onclick: () => (this.trouble.hidden = true) }, "Dismiss");
    this.trouble.replaceChildren(h("p", {}, error.message), h("div", { class: "buttons" }, dismiss, again));
    this.trouble.hidden = false;
  }

  // --- reading back

  /** What stands on the screen, as text: title, rule and widgets as the terminal draws them. */
  drawn() {
    const { screen } = this;
    if (!screen) return "";
    const place = screen.steps ? `  ${this.progress.getAttribute("aria-valuenow")}/${this.progress.getAttribute("aria-valuemax")}` : "";
    const [message, detail] = this.snackbar.children;
    const rows = [
      screen.screen ? `${this.title.textContent}  [${screen.screen}]${place}` : "(no screen)",
      "─".repeat(40),
      ...[...this.views.values()].flatMap((view) => view.lines().flatMap((line) => (line ? line.split(/\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/) : [""]))),
      ...(message.textContent ? [`⚠ ${message.textContent}`] : []),
      ...(detail.textContent ? [`  ${detail.textContent}`] : []),
      ...(screen.phase === "open" ? [] : [`(${screen.phase})`]),
    ];
    return rows.map((row) => [...row.slice(0, LONGEST_LINE * 2)].slice(0, LONGEST_LINE).join("")).join("\n");
  }
}
