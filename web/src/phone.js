// The simulated phone: the chat of a simulated user, and the flow they open in it.
//
// All state is on the server: this page shows the chat, posts the user's actions,
// and polls for updates while it is visible. Texts are never markup.

import { arrange, h, icon } from "./player/dom.js";
import { mountPlayer } from "./player/player.js";

const NEWS_MS = 1000;
const TICKS = {
  queued: "Queued",
  sent: "Sent",
  delivered: "Delivered",
  read: "Read",
  undelivered: "Not delivered",
  failed: "Failed",
};

class Phone {
  etag = "";
  nodes = new Map();
  nothing = h(
    "li",
    { class: "nothing" },
    "No messages yet. Send one, and the business may send flows for 24 hours.",
  );
  player = null;
  busy = false;

  constructor(root) {
    this.path = root.dataset.path;
    this.business = root.dataset.business;
    this.readOnly = "readOnly" in root.dataset;
    this.log = h("ol", {
      class: "log",
      "aria-label": "Messages",
      "aria-live": "polite",
      tabindex: "0",
    });
    this.status = h("p", { class: "status", role: "status" });
    this.trouble = h("p", { class: "trouble", role: "alert", hidden: true });
    this.sheet = h("div", { class: "sheet-place", hidden: true });
    root.replaceChildren(
      h(
        "header",
        { class: "chat-head" },
        h("span", { class: "face", "aria-hidden": "true" }, initial(this.business)),
        h(
          "p",
          {},
          h("strong", {}, this.business),
          h("span", { class: "small" }, "business account"),
        ),
      ),
      this.log,
      this.trouble,
      this.writing(),
      this.sheet,
      this.status,
    );
    this.watch();
  }

  writing() {
    const text = h("input", {
      id: "say",
      "aria-label": "Message",
      placeholder: "Message",
      autocomplete: "off",
      maxlength: "4096",
      disabled: this.readOnly,
    });
    const send = h(
      "button",
      { type: "submit", class: "round", "aria-label": "Send message", disabled: this.readOnly },
      icon("onward"),
    );
    const form = h("form", { class: "writing" }, text, send);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (!text.value.trim() || this.busy) return;
      if (await this.ask("say", { text: text.value })) text.value = "";
      await this.look();
    });
    return form;
  }

  // --- asking the server

  async ask(what, body) {
    this.busy = true;
    try {
      const answer = await post(`${this.path}/${what}`, body);
      this.trouble.hidden = true;
      return answer;
    } catch (error) {
      this.tell(error);
      return null;
    } finally {
      this.busy = false;
    }
  }

  tell(error, of = "ask") {
    this.trouble.dataset.of = of;
    this.trouble.textContent = error.message;
    this.trouble.hidden = false;
  }

  /** Polls for updates endlessly; while the page is hidden, less often and without marking as read. */
  async watch() {
    for (;;) {
      if (!document.hidden) await this.news();
      await new Promise((resolve) => setTimeout(resolve, NEWS_MS));
    }
  }

  async news() {
    try {
      const answer = await reached(
        fetch(`${this.path}/messages`, {
          headers: { Accept: "application/json", "If-None-Match": this.etag },
          cache: "no-store",
        }),
      );
      if (answer.status !== 304) {
        if (!answer.ok) throw await refusal(answer);
        this.etag = answer.headers.get("ETag") ?? "";
        this.show(await answer.json());
      }
      if (this.trouble.dataset.of === "news") this.trouble.hidden = true;
    } catch (error) {
      this.tell(error, "news");
    }
  }

  async look() {
    const chat = await this.ask("look");
    if (chat) this.show(chat);
  }

  // --- drawing

  /** Draws what is new or another now; what stays is not touched, so that only news are read out. */
  show(chat) {
    const first = !this.nodes.size;
    const atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 80;
    const open = new Set(
      [...this.log.querySelectorAll("details[open]")].map((each) => each.dataset.of),
    );
    const nodes = chat.messages.map((message) => {
      const text = JSON.stringify(message);
      const known = this.nodes.get(message.umid);
      if (known?.text === text) return known.node;
      const node = this.message(message, open);
      this.nodes.set(message.umid, { text, node });
      return node;
    });
    arrange(this.log, nodes.length ? nodes : [this.nothing]);
    if (first || atEnd) this.log.scrollTop = this.log.scrollHeight;
    const news = chat.messages.some(
      (each) => each.direction === "outbound" && each.state === "delivered",
    );
    if (news && !this.readOnly && !document.hidden) this.look();
  }

  message(message, open) {
    const mine = message.direction === "inbound";
    const parts =
      message.responseJson !== undefined ? response(message, open) : this.words(message);
    const time = h(
      "p",
      { class: "when" },
      h("time", { datetime: message.timestamp }, clock(message.timestamp)),
      mine ? null : ticks(message.state),
    );
    return h(
      "li",
      { class: mine ? "mine" : "theirs", "data-umid": message.umid },
      h("span", { class: "unseen" }, mine ? "User: " : "Business: "),
      ...parts,
      time,
    );
  }

  words(message) {
    const parts = [];
    if (message.header) parts.push(h("p", { class: "header" }, message.header));
    if (message.body) parts.push(h("p", { class: "words" }, message.body));
    if (message.footer) parts.push(h("p", { class: "footer" }, message.footer));
    if (message.flow) parts.push(this.button(message));
    return parts;
  }

  button(message) {
    const done = Boolean(message.flow.answerUmid);
    const label = message.flow.button || "Open";
    return h(
      "button",
      {
        type: "button",
        class: "cta",
        disabled: done || this.readOnly,
        onclick: (event) => this.open(message.umid, event.currentTarget),
      },
      icon("form"),
      label,
      done ? h("span", { class: "unseen" }, " (response sent)") : null,
    );
  }

  // --- the flow

  open(umid, button) {
    this.closeSheet();
    const place = h("div", { class: "player" });
    this.sheet.replaceChildren(place);
    this.sheet.hidden = false;
    this.player = mountPlayer(place, {
      live: true,
      business: this.business,
      post: (message) =>
        message.event?.event === "open"
          ? post(`${this.path}/open`, { umid })
          : post(`${this.path}/events`, {
              event: message.event ?? null,
              live: Boolean(message.live),
            }),
      onStep: (answer) => this.stepped(answer, button),
    });
    this.player.start({ event: "open" });
    this.sheet.scrollIntoView({ block: "nearest" });
  }

  async stepped(answer, button) {
    const phase = answer.screen.phase;
    if (phase !== "completed" && phase !== "closed") return;
    const text = answer.screen.snackbar ?? "";
    const umid = button.closest("li")?.dataset.umid;
    setTimeout(() => this.closeSheet());
    this.status.textContent =
      phase === "completed" ? "Response sent." : `The flow was closed. ${text}`;
    if (phase === "closed" && text) this.tell(new Error(text));
    await this.look();
    const back =
      this.log.querySelector(`[data-umid="${umid}"] .cta:not(:disabled)`) ??
      document.getElementById("say");
    back.focus();
  }

  closeSheet() {
    this.player?.unmount();
    this.player = null;
    this.sheet.hidden = true;
    this.sheet.replaceChildren();
  }
}

function response(message, open) {
  const fields = Object.entries(JSON.parse(message.responseJson)).filter(
    ([name]) => name !== "flow_token",
  );
  const details = h(
    "details",
    { "data-of": message.umid, open: open.has(message.umid) },
    h("summary", {}, "View response"),
    fields.length
      ? h(
          "dl",
          {},
          ...fields.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, shown(value))]),
        )
      : h("p", {}, "It has no fields."),
  );
  return [h("p", { class: "sent" }, icon("form"), "Response sent"), details];
}

function shown(value) {
  if (value === "" || value === null || (Array.isArray(value) && !value.length)) return "—";
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.every((each) => typeof each === "string"))
    return value.join(", ");
  return JSON.stringify(value);
}

function ticks(state) {
  const name = TICKS[state] ?? state;
  return h(
    "span",
    { class: "ticks", "data-state": state, role: "img", "aria-label": name, title: name },
    state === "queued"
      ? "◷"
      : state === "sent"
        ? "✓"
        : state === "delivered" || state === "read"
          ? "✓✓"
          : "!",
  );
}

function initial(name) {
  return [...name.trim()][0]?.toUpperCase() ?? "?";
}

function clock(moment) {
  return new Date(moment).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

async function post(path, body) {
  const headers = {
    Accept: "application/json",
    ...(body ? { "Content-Type": "application/json" } : {}),
  };
  const answer = await reached(
    fetch(path, {
      method: "POST",
      headers,
      body: body ? JSON.stringify(body) : undefined,
      cache: "no-store",
    }),
  );
  if (!answer.ok) throw await refusal(answer);
  return answer.json();
}

async function reached(answer) {
  try {
    return await answer;
  } catch {
    throw new Error("The server cannot be reached.");
  }
}

async function refusal(answer) {
  let message = `The server answered ${answer.status}.`;
  try {
    message = (await answer.json()).message ?? message;
  } catch {
    // The body is not JSON, so there is no better message.
  }
  return new Error(message);
}

function sendFlows(form, phone) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(form));
    if (!(await phone.ask("send", fields))) return;
    await phone.look();
    phone.log.scrollIntoView({ block: "nearest" });
  });
}

const root = document.getElementById("phone");
if (root) {
  const phone = new Phone(root);
  const form = document.getElementById("send");
  if (form) sendFlows(form, phone);
}
