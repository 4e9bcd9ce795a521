// The preview page: a phone that plays the flow, a toolbar, and a panel beside it.

import { h, setText } from "./player/dom.js";
import { mountPlayer } from "./player/player.js";
import { fault, panel as makePanel } from "./preview/panel.js";
import { read } from "./preview/parameters.js";

const place = document.getElementById("preview");
const address = (name) =>
  `${location.pathname.replace(/\/$/, "")}/${name}${linkOf(location.search)}`;
const MOST_FAULTS_OVER = 50;
const WIDTHS = [320, 360, 390, 412, 430];
const panel = makePanel();
let about;
let asked;
let player;

// The link's token, and the parameters that it may cover.
function linkOf(search) {
  const given = new URLSearchParams(search);
  const kept = ["token", "flow_token", "flow_action_payload"].filter((name) => given.get(name));
  const query = new URLSearchParams(kept.map((name) => [name, given.get(name)]));
  return kept.includes("token") ? `?${query}` : "";
}

async function answerOf(response) {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.message ?? `The server answered ${response.status}.`);
  return body;
}

async function post(message) {
  let response;
  try {
    response = await fetch(address("events"), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(message),
    });
  } catch {
    throw new Error("The server that plays this flow cannot be reached.");
  }
  return answerOf(response);
}

// --- the page around the phone

const notices = h("div", { class: "notices", role: "status" });
const glass = h("div", { class: "glass" });
const frame = h("div", { class: "device" }, glass);
const overlay = h("div", {
  class: "faults-over",
  role: "region",
  "aria-label": "Findings",
  tabindex: "0",
  hidden: true,
});
const stage = h(
  "main",
  { class: "stage", "aria-label": "Phone" },
  h("div", { class: "around" }, frame, overlay),
);
const jump = labelled("Screen", h("select", { onchange: () => jumpTo(jump.select.value) }));
const width = labelled(
  "Width",
  h(
    "select",
    { onchange: () => setWidth(width.select.value) },
    ...WIDTHS.map((each) => h("option", { value: each }, `${each} px`)),
  ),
);
const theme = labelled(
  "Look",
  h(
    "select",
    { onchange: () => setTheme(theme.select.value) },
    ...["system", "light", "dark"].map((each) => h("option", { value: each }, each)),
  ),
);
const restartButton = h("button", { type: "button", onclick: () => restart() }, "Restart");
const panelButton = h(
  "button",
  { type: "button", "aria-controls": "panel", onclick: () => showPanel(panel.node.hidden) },
  "Panel",
);
const status = h("span", { class: "badge", hidden: true });
const bar = h(
  "header",
  { class: "bar" },
  h("div", { class: "who" }, h("h1", {}, place.dataset.name), status),
  h(
    "div",
    { class: "tools", role: "group", "aria-label": "Preview" },
    restartButton,
    jump.node,
    width.node,
    theme.node,
    panelButton,
  ),
);

function labelled(words, select) {
  return { select, node: h("label", { class: words.toLowerCase() }, h("span", {}, words), select) };
}

function setWidth(pixels) {
  stage.style.setProperty("--device", `${pixels}px`);
}

function setTheme(name) {
  document.documentElement.dataset.theme = name;
  player?.setTheme(name);
}

function showPanel(shown) {
  panel.node.hidden = !shown;
  panelButton.setAttribute("aria-expanded", String(shown));
  document.body.classList.toggle("alone", !shown);
}

function say(...problems) {
  notices.replaceChildren(...problems.map((each) => h("p", {}, each)));
}

// --- playing

function restart(event = asked.open) {
  if (about.problem) return;
  panel.clear();
  player.start(event);
}

function jumpTo(screen) {
  if (screen) restart({ ...asked.open, action: "navigate", data: null, screen });
  else restart();
}

function answersFor(request) {
  const here = about.screens.find((screen) => screen.id === request.screen);
  const targets =
    request.action === "INIT"
      ? about.screens.map((screen) => screen.id)
      : [...(here?.leads_to ?? []), request.screen];
  const answers = targets.filter(Boolean).map((id) => [`Screen ${id}`, { made_up: id }]);
  if (here?.terminal) answers.push(["SUCCESS, the end", { made_up: "SUCCESS" }]);
  return answers;
}

function onStep(answer) {
  panel.step(answer);
  const screen = answer.screen.screen ?? "";
  if ([...jump.select.options].some((option) => option.value === screen))
    jump.select.value = screen;
}

// --- the description of the flow

async function tellAbout() {
  about = await answerOf(await fetch(address("about")));
  asked = read(location.search, about);
  setText(status, about.status);
  status.className = `badge badge-${about.status.toLowerCase()}`;
  jump.select.replaceChildren(
    h("option", { value: "" }, "first"),
    ...about.screens.map((screen) =>
      h(
        "option",
        { value: screen.id },
        screen.title && !screen.title.startsWith("$")
          ? `${screen.id} · ${screen.title}`
          : screen.id,
      ),
    ),
  );
  panel.faults(about);
  say(...asked.problems, ...(about.problem ? [about.problem] : []));
  showFaultsOver();
}

/** Faults over the phone, as an author sees them who writes the file beside this page. */
function showFaultsOver() {
  const errors = about.faults.filter((each) => each.severity === "error");
  const shown = place.dataset.watch || about.problem ? errors.slice(0, MOST_FAULTS_OVER) : [];
  const more = about.errors - shown.length;
  overlay.hidden = !shown.length;
  overlay.classList.toggle("covers", Boolean(about.problem));
  overlay.replaceChildren(
    h("h2", {}, `${about.errors} ${about.errors === 1 ? "error" : "errors"} in the Flow JSON`),
    h("ol", {}, ...shown.map(fault)),
    // Unlike `h`, this would print a null.
    ...(more ? [h("p", {}, `and ${more} more`)] : []),
    h("button", { type: "button", onclick: () => (overlay.hidden = true) }, "Hide"),
  );
}

async function changed() {
  try {
    await tellAbout();
  } catch (error) {
    say(error.message);
    return;
  }
  if (about.problem) return;
  if (!player.screen) {
    restart();
    return;
  }
  const answer = await player.redraw();
  if (!answer) return;
  if (answer.lost) {
    restart();
    say(
      ...asked.problems,
      `The screen ${answer.lost} no longer exists, so the flow was restarted.`,
    );
  } else {
    panel.note("reloaded", "The file changed; the current screen was kept.");
  }
}

function watch() {
  if (!place.dataset.watch) return;
  const changes = new EventSource(place.dataset.watch);
  // One change at a time, so that a response about an older text does not come last.
  let following = Promise.resolve();
  const follow = () => (following = following.then(changed));
  changes.addEventListener("changed", follow);
  // A lost connection may have missed a change.
  let lost = false;
  changes.addEventListener("error", () => (lost = true));
  changes.addEventListener("open", () => {
    if (lost) follow();
    lost = false;
  });
}

async function begin() {
  document.documentElement.dataset.theme = "system";
  place.replaceChildren(bar, notices, h("div", { class: "columns" }, stage, panel.node));
  const above = new ResizeObserver(() =>
    place.style.setProperty("--bar", `${bar.offsetHeight + notices.offsetHeight}px`),
  );
  above.observe(bar);
  above.observe(notices);
  width.select.value = "390";
  setWidth(390);
  showPanel(true);
  try {
    await tellAbout();
  } catch (error) {
    say(error.message);
    return;
  }
  showPanel(asked.panel);
  player = mountPlayer(glass, {
    post,
    onStep,
    answersFor,
    live: asked.live,
    sealed: !place.dataset.watch,
    notLive:
      "The flow calls its endpoint. This page does so only with interactive=true in its URL. Choose the response:",
    business: place.dataset.name,
    onAgain: () => restart(),
  });
  // For the page's tests and for debugging in the browser's console.
  window.waflowsPreview = player;
  restart();
  watch();
}

begin();
