// Draws a flow as a phone shows it and sends what a person does to a host that plays it.
//
//     const player = mountPlayer(element, { post, onStep });
//     player.start({ event: "open" });
//
// `post(message)` takes {state, seal, event, live} to the server and gives back its answer {state,
// seal, screen, effects, log, refused, summary}. The page holds the state and sends it along; it decides nothing.
// Without an event a message asks to carry out the endpoint request that the state waits for.
// Everything is drawn in a shadow root, so that neither page nor player styles the other.

import { bubbles } from "./chat.js";
import { choice } from "./choices.js";
import { dates } from "./dates.js";
import { arrange, freshId, h, icon, setAttribute, setText } from "./dom.js";
import { optIn, textField } from "./fields.js";
import { Host } from "./host.js";
import css from "./player.css" with { type: "text" };
import { carousel, footer, image, link, navigationList, text } from "./shown.js";
import { plainButton, Surfaces } from "./surfaces.js";
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
const LINE_END = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/;
const TOLD_MS = 6000;

/**
 * Puts a player into an element.
 *
 * Options: `post`, needed; `live`, whether the endpoint may be called, and `sealed`, whether only
 * from a state with the server's seal; `answersFor(request)`, while
 * it may not, the made-up answers to offer, as [label, message] pairs, and `notLive`, what to say
 * above them; `onStep(answer, event)`, called after each answer; `business`, the name in the chat; `theme`, light, dark or system.
 */
export function mountPlayer(element, options) {
  const player = new Player(element, options);
  return {
    start: (event) => player.start(event),
    send: (event) => player.send(event),
    answer: (message) => player.host.answer(message),
    redraw: () => player.host.redraw(),
    setTheme: (theme) => player.setTheme(theme),
    setLive: (live) => player.setLive(live),
    drawn: () => player.drawn(),
    idle: () => player.host.idle(),
    get state() {
      return player.host.state;
    },
    get screen() {
      return player.screen;
    },
    unmount: () => player.unmount(),
  };
}

class Player {
  views = new Map();
  // What had the focus last on the screen, for it to come back to.
  last = null;

  constructor(element, options) {
    this.options = options;
    this.host = new Host({
      post: options.post,
      live: () => this.live,
      take: (answer, event, before) => this.take(answer, event, before),
      failed: (error, again, kept) => this.showTrouble(error, again, kept),
      answered: () => this.hideTrouble(),
    });
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
    this.close = h(
      "button",
      { type: "button", class: "round", "aria-label": "Close", onclick: () => this.askToClose() },
      icon("close"),
    );
    this.progress = h(
      "div",
      { class: "progress", role: "progressbar", "aria-label": "Progress", "aria-valuemin": "0" },
      h("span"),
    );
    // It scrolls, so a keyboard must be able to get to it even where it has nothing to press.
    this.body = h("div", {
      class: "screen",
      tabindex: "0",
      role: "group",
      "aria-labelledby": this.title.id,
    });
    this.bottom = h("div", { class: "bottom" });
    this.managed = h(
      "p",
      { class: "managed" },
      "Managed by the business. ",
      h("span", {}, "Learn more"),
    );
    this.snackbar = h(
      "div",
      { class: "snackbar", role: "alert" },
      h("p", { class: "message" }),
      h("p", { class: "detail" }),
    );
    this.toast = h("p", { class: "toast", role: "status", hidden: true });
    this.trouble = h("div", { class: "trouble", role: "alert", hidden: true });
    this.overlay = h(
      "div",
      { class: "overlay", tabindex: "-1", hidden: true },
      h("div", { class: "spinner", "aria-hidden": "true" }),
      h("p", { role: "status" }),
      h("div", { class: "buttons" }),
    );
    this.sheet = h(
      "section",
      {
        class: "sheet",
        "aria-labelledby": this.title.id,
        onfocusin: (event) => (this.last = event.target),
      },
      h("header", {}, this.leave, this.title, this.close),
      this.progress,
      this.body,
      this.snackbar,
      this.bottom,
    );
    this.chat = h("section", { class: "chat", "aria-label": "Chat", hidden: true });
    this.surfaces = new Surfaces(this.root, () => this.holdStill());
    this.phone = h(
      "div",
      { class: "phone" },
      this.chat,
      this.sheet,
      this.overlay,
      this.surfaces.node,
      this.toast,
      this.trouble,
    );
    this.root.replaceChildren(this.phone);
  }

  setTheme(theme) {
    this.theme = theme;
    const dark = theme === "dark" || (theme === "system" && this.dark.matches);
    this.phone.dataset.theme = dark ? "dark" : "light";
  }

  /** Whether the endpoint may be called now. */
  get live() {
    return Boolean(this.options.live && (this.host.seal || !this.options.sealed));
  }

  setLive(live) {
    this.options.live = live;
    if (!this.host.waiting) return;
    this.drawOverlay(this.screen, this.screen, this.root.activeElement);
    this.host.wait();
  }

  unmount() {
    this.host.forget();
    this.dark.removeEventListener("change", this.followSystem);
    this.root.replaceChildren();
  }

  // --- what happens

  get screen() {
    return this.host.screen;
  }

  /** Forgets what there is and lets an opening event happen. */
  start(event) {
    this.surfaces.clear();
    this.trouble.hidden = true;
    this.host.start(event);
  }

  send(event) {
    this.host.send(event);
  }

  expects(name) {
    return this.host.expects(name);
  }

  take(answer, event, before) {
    const held = this.root.activeElement;
    this.draw(before, held);
    if (answer.refused) this.explain(answer, event);
    for (const effect of answer.effects ?? [])
      if (effect.effect === "open_url") this.surfaces.offerLink(effect.url);
    this.options.onStep?.(answer, event);
    if (answer.screen.phase === "completed" || answer.screen.phase === "closed")
      this.drawChat(answer, held);
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

  draw(before, held) {
    const { screen } = this;
    const over =
      screen.phase === "completed" || screen.phase === "closed" || screen.phase === "new";
    const moved = !before || before.screen !== screen.screen || before.step !== screen.step;
    this.sheet.hidden = over;
    this.chat.hidden = !over;
    if (over) this.surfaces.clear();
    if (moved) {
      this.views.clear();
      this.surfaces.clear();
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
    this.drawOverlay(screen, before, held);
    if (over) return;
    if (moved) {
      this.body.scrollTop = 0;
      if (before && mayFocus(held)) this.title.focus({ preventScroll: true });
    } else if (held && (this.overlay.contains(held) || isLost(held))) {
      this.focusAgain();
    }
  }

  /** Puts the focus on what stands over the screen, or to where it was last, or on the title. */
  focusAgain() {
    const over = this.overlay.hidden ? this.surfaces.open.at(-1)?.firstChild : this.overlay;
    const last = this.last && !isLost(this.last) ? this.last : this.title;
    (over ?? last).focus({ preventScroll: true });
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
    arrange(
      this.body,
      views.filter((view) => !view.bottom).map((view) => view.node),
    );
    arrange(this.bottom, [
      ...views.filter((view) => view.bottom).map((view) => view.node),
      this.managed,
    ]);
  }

  drawSnackbar(screen) {
    const [message, detail] = this.snackbar.children;
    setText(message, screen.snackbar ?? "");
    setText(detail, screen.detail ?? "");
    this.snackbar.hidden = !screen.snackbar && !screen.detail;
  }

  drawOverlay(screen, before, held) {
    const waiting = screen.phase === "waiting";
    const [spinner, message, buttons] = this.overlay.children;
    const { live } = this;
    this.overlay.hidden = !waiting;
    this.holdStill();
    if (!waiting) return;
    spinner.hidden = !live;
    this.overlay.dataset.live = live ? "yes" : "no";
    setText(
      message,
      live
        ? "Loading…"
        : this.options.live
          ? "The flow calls its endpoint, which is possible only if the flow was played from its start. Choose the response:"
          : (this.options.notLive ??
            "The flow calls its endpoint, which is not called now. Choose the response:"),
    );
    const offered = live ? [] : (this.options.answersFor?.(this.host.state.request) ?? []);
    buttons.replaceChildren(
      ...offered.map(([label, more]) => plainButton(label, () => this.host.answer(more))),
      plainButton("Close the flow", () => this.send({ event: "close" })),
    );
    if (mayFocus(held) && (before?.phase !== "waiting" || this.overlay.contains(held)))
      (live ? this.overlay : buttons.firstElementChild).focus();
  }

  drawChat(answer, held) {
    const { nodes, heading } = bubbles(answer, this.options);
    this.chat.replaceChildren(...nodes);
    if (mayFocus(held)) heading.focus({ preventScroll: true });
  }

  // --- what stands over the screen

  tapLeave() {
    if (this.screen?.can_go_back) this.send({ event: "back" });
    else this.askToClose();
  }

  askToClose() {
    const entered = Object.values(this.host.state?.pages ?? {}).some(
      (page) => page.edited?.length || Object.keys(page.form ?? {}).length,
    );
    if (!entered) {
      this.send({ event: "close" });
      return;
    }
    this.surfaces.askToClose(() => this.send({ event: "close" }));
  }

  surface(title, content, options) {
    return this.surfaces.show(title, content, options);
  }

  /** While something stands over the screen, nothing on it can be reached. */
  holdStill() {
    this.sheet.inert = this.surfaces.open.length > 0 || this.screen?.phase === "waiting";
  }

  /** Says something in passing. */
  tell(words) {
    setText(this.toast, words);
    clearTimeout(this.untell);
    this.untell = setTimeout(() => setText(this.toast, ""), TOLD_MS);
  }

  /** Says that a message got no answer; what a person did in it is `kept` until it is sent. */
  showTrouble(error, again, kept) {
    const retry = plainButton("Try again", () => {
      this.hideTrouble();
      again();
    });
    const leave = plainButton(kept ? "Discard" : "Dismiss", () => {
      this.hideTrouble();
      if (!kept) return;
      this.host.discard();
      this.draw(this.screen, this.root.activeElement);
    });
    this.trouble.replaceChildren(
      h("p", {}, error.message),
      kept ? h("p", {}, "Your input is kept and will be sent when this works again.") : "",
      h("div", { class: "buttons" }, leave, retry),
    );
    this.trouble.hidden = false;
  }

  hideTrouble() {
    const held = this.trouble.contains(this.root.activeElement);
    this.trouble.hidden = true;
    if (held) this.focusAgain();
  }

  // --- reading back

  /** What stands on the screen, as text: title, rule and widgets as the terminal draws them. */
  drawn() {
    const { screen } = this;
    if (!screen) return "";
    const place = screen.steps
      ? `  ${this.progress.getAttribute("aria-valuenow")}/${this.progress.getAttribute("aria-valuemax")}`
      : "";
    const [message, detail] = this.snackbar.children;
    const rows = [
      screen.screen ? `${this.title.textContent}  [${screen.screen}]${place}` : "(no screen)",
      "─".repeat(40),
      ...[...this.views.values()].flatMap((view) =>
        view.lines().flatMap((line) => (line ? line.split(LINE_END) : [""])),
      ),
      ...(message.textContent ? [`⚠ ${message.textContent}`] : []),
      ...(detail.textContent ? [`  ${detail.textContent}`] : []),
      ...(screen.phase === "open" ? [] : [`(${screen.phase})`]),
    ];
    return rows
      .map((row) => [...row.slice(0, LONGEST_LINE * 2)].slice(0, LONGEST_LINE).join(""))
      .join("\n");
  }
}

/** Whether the player may move the focus: it is in the player, or nowhere on the page. */
function mayFocus(held) {
  return Boolean(held) || document.activeElement === document.body;
}

/** Whether an element cannot have the focus any more. */
function isLost(element) {
  return !element.isConnected || element.matches(":disabled, [hidden]");
}
