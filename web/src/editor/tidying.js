// Lays the text out anew, line by line, when it is JSON; not a token of it changes.
import { ask } from "./server.js";

export function attachTidying({ view, button, tell }) {
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const { doc } = view.state;
    try {
      const { flowJson } = await ask("/console/layout", { flowJson: doc.toString() });
      if (!view.state.doc.eq(doc)) return;
      view.dispatch({ changes: { from: 0, to: doc.length, insert: flowJson } });
    } catch (error) {
      tell(error);
    }
    view.focus();
  });
}
