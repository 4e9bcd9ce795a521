// Saving without leaving the page. Whatever goes wrong, the text stays in the editor.
import { EditorView } from "@codemirror/view";
import { ask } from "./server.js";
import { textOf } from "./view.js";

export function attachSaving({ form, writable }) {
  if (!writable) return { extension: [], bind: () => {}, tell: () => {} };
  const state = document.getElementById("save-state");
  const trouble = document.getElementById("save-fault");
  let saved = null;
  let sending = null;
  let view = null;

  const isChanged = () => saved !== null && !view.state.doc.eq(saved);

  // One save at a time: whoever asks meanwhile waits, and saves only what that one has not sent.
  async function save() {
    while (sending) {
      const { doc, outcome } = sending;
      const isSaved = await outcome;
      if (view.state.doc.eq(doc)) return isSaved;
    }
    const { doc } = view.state;
    sending = { doc, outcome: send(doc, textOf(view.state)) };
    const isSaved = await sending.outcome;
    sending = null;
    return isSaved;
  }

  async function send(doc, flowJson) {
    const body = { flowJson, revision: Number(form.elements.revision.value), then: "stay" };
    state.textContent = "Saving…";
    trouble.replaceChildren();
    try {
      const answer = await ask(form.action, body);
      form.elements.revision.value = answer.revision;
      saved = doc;
      const time = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
      const unmet = answer.unmet.length ? "; not ready to publish" : "";
      state.textContent = isChanged()
        ? `Revision ${answer.revision} saved at ${time}; changed since`
        : `Saved as revision ${answer.revision} at ${time}${unmet}`;
      return true;
    } catch (error) {
      state.textContent = "Not saved";
      tell(error);
      return false;
    }
  }

  const tell = (error) => trouble.replaceChildren(errorBox(error));

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const publishes = event.submitter?.value === "publish";
    if ((await save()) && publishes) window.location.assign(`${form.action}/publish`);
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "s") {
      event.preventDefault();
      save();
    }
  });
  window.addEventListener("beforeunload", (event) => {
    if (isChanged()) event.preventDefault();
  });

  return {
    tell,
    extension: [
      EditorView.updateListener.of((update) => {
        if (!update.docChanged) return;
        state.textContent = isChanged()
          ? "Not saved yet"
          : `Revision ${form.elements.revision.value}`;
      }),
    ],
    bind: (made) => {
      view = made;
      saved = made.state.doc;
      // A page that is shown because a text could not be saved begins with a text that is not.
      if (document.querySelector(".fault[role=alert]")) saved = made.state.toText("");
    },
  };
}

function errorBox(error) {
  const box = document.createElement("div");
  box.className = "fault";
  box.setAttribute("role", "alert");
  const message = document.createElement("p");
  message.textContent = error.message;
  box.append(message);
  if (error.status === 401) box.append(wayBackIn());
  if (error.errorId) {
    const id = document.createElement("p");
    id.className = "small";
    const code = document.createElement("code");
    code.textContent = error.errorId;
    id.append("Error ", code);
    box.append(id);
  }
  return box;
}

// In another tab, since this one holds a text that is not saved.
function wayBackIn() {
  const words = document.createElement("p");
  const link = document.createElement("a");
  link.href = "/console/sign-in";
  link.target = "_blank";
  link.rel = "noopener";
  link.textContent = "Sign in in another tab";
  words.append(link, ", then save again.");
  return words;
}
