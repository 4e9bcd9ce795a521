// The panel beside the phone: the current data, the log, the response, the findings.

import { h, setText } from "../player/dom.js";

const MOST_LINES = 300;
const LONGEST_JSON = 50_000;

/** The panel: `node`, and how it is kept up to date. */
export function panel() {
  const response = section("Response", "pre");
  const faults = section("Findings", "ol");
  const data = section("Current data", "pre");
  const log = section("Actions", "ol");
  log.body.classList.add("log");
  response.node.hidden = true;
  faults.node.hidden = true;
  log.body.append(h("li", { class: "nothing" }, "No events yet."));
  const node = h(
    "aside",
    { class: "panel", id: "panel", "aria-label": "What the flow does" },
    response.node,
    faults.node,
    data.node,
    log.node,
  );
  // biome-ignore lint/correctness/noUnusedVariables: it says whether a writing-out is under way
  let coming;
  let latest;
  // A large flow's data takes longer to write out than a keystroke may take.
  const later = (answer) => {
    latest = answer;
    coming ??= setTimeout(() => {
      coming = undefined;
      setText(data.body, json(current(latest.state)));
    }, 60);
  };
  return {
    node,
    clear() {
      log.body.replaceChildren();
      response.node.hidden = true;
    },
    step(answer) {
      later(answer);
      if (answer.called) called(log.body, answer.called);
      for (const line of answer.log ?? [])
        add(log.body, line.action, line.screen, line.detail, line.data);
      if (answer.refused)
        add(log.body, "refused", answer.state.stack?.at(-1) ?? "", answer.refused);
      for (const effect of answer.effects ?? []) {
        if (effect.effect === "call_endpoint")
          add(log.body, "request", effect.request.screen, effect.request.action, effect.request);
        if (effect.effect === "notify_endpoint")
          add(log.body, "notified endpoint", effect.request.screen, "", effect.request);
      }
      response.node.hidden = !answer.screen.response;
      if (answer.screen.response) setText(response.body, json(answer.screen.response));
    },
    note(action, detail) {
      add(log.body, action, "", detail);
    },
    faults(about) {
      faults.node.hidden = !about.faults.length;
      faults.count.textContent = ` ${about.faults.length + about.more_faults}`;
      faults.body.replaceChildren(...about.faults.map(fault));
      if (about.more_faults) faults.body.append(h("li", {}, `and ${about.more_faults} more`));
    },
  };
}

/** A finding: its place, what is wrong, how to fix it. */
export function fault(found) {
  return h(
    "li",
    { class: `fault ${found.severity}` },
    h(
      "p",
      {},
      h("span", { class: "severity" }, found.severity),
      " ",
      h("code", {}, `${found.line}:${found.column}`),
      ` ${found.message}`,
    ),
    found.help ? h("p", { class: "help" }, found.help) : null,
  );
}

function section(title, tag) {
  const id = `section-${title.toLowerCase().replace(/\W+/g, "-")}`;
  const count = h("span", { class: "count" });
  // It may be longer than its box, so the keyboard must be able to scroll it.
  const scrolls = { tabindex: "0", "aria-labelledby": id };
  const body = h(tag, { class: "body", ...scrolls, ...(tag === "pre" ? { role: "region" } : {}) });
  const node = h(
    "details",
    { open: true, class: "card" },
    h("summary", {}, h("h2", { id }, title, count)),
    body,
  );
  return { node, body, count };
}

function add(list, action, screen, detail, data) {
  list.querySelector(".nothing")?.remove();
  const head = h(
    "p",
    {},
    h("strong", {}, action),
    screen ? h("span", { class: "screen" }, ` ${screen}`) : null,
    detail ? ` ${detail}` : null,
  );
  const carried =
    data && Object.keys(data).length
      ? h("pre", { tabindex: "0", role: "region", "aria-label": `Data of ${action}` }, json(data))
      : null;
  list.append(h("li", {}, head, carried));
  while (list.children.length > MOST_LINES) list.firstElementChild.remove();
  list.scrollTop = list.scrollHeight;
}

/** How a call of the endpoint went: after the request, and before what came of it. */
function called(list, { status, milliseconds, response, sent }) {
  if (!sent) {
    add(list, "not sent", "", "No request was sent to the endpoint.");
    return;
  }
  add(
    list,
    status === null ? "no answer" : `HTTP ${status}`,
    "",
    `in ${milliseconds} ms`,
    isObject(response) ? response : null,
  );
}

function isObject(value) {
  return typeof value === "object" && value !== null;
}

/** What `${data}` and `${form}` stand for on the screen shown. */
function current(state) {
  const page = state.pages?.[state.stack?.at(-1)] ?? {};
  return { screen: state.stack?.at(-1) ?? "", data: page.data ?? {}, form: page.form ?? {} };
}

function json(value) {
  const text = JSON.stringify(
    value,
    (_, each) =>
      typeof each === "string" && each.length > 2000
        ? `${each.slice(0, 2000)}… (${each.length} characters)`
        : each,
    2,
  );
  return text.length > LONGEST_JSON
    ? `${text.slice(0, LONGEST_JSON)}\n… (${text.length - LONGEST_JSON} more characters)`
    : text;
}
