// What a flow leaves behind: the chat with its message, and the response or a note.

import { h, icon } from "./dom.js";

/** The bubbles after a flow that was completed or closed, and the heading to go on from. */
export function bubbles(answer, { business = "The business", onAgain }) {
  const done = answer.screen.phase === "completed";
  const heading = h(
    "h2",
    { class: "bubble-title", tabindex: "-1" },
    done ? "Response sent" : "Flow closed",
  );
  const again = h(
    "button",
    { type: "button", class: "cta", onclick: () => onAgain?.() },
    icon("form"),
    "Open the flow again",
  );
  const note = answer.screen.snackbar || "It was closed without a response.";
  const own = h(
    "div",
    { class: `bubble ${done ? "own" : "note"}` },
    heading,
    done ? summary(answer.summary ?? []) : h("p", {}, note),
  );
  return { nodes: [h("div", { class: "bubble" }, h("p", {}, business), again), own], heading };
}

function summary(lines) {
  if (!lines.length) return null;
  const entries = lines.flatMap((line) => [h("dt", {}, line.label), h("dd", {}, line.text)]);
  return h("details", {}, h("summary", {}, "View response"), h("dl", {}, ...entries));
}
