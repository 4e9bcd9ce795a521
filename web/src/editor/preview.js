// The flow being written, played beside the editor. It follows the text where it can be played, and
// keeps the place; what cannot be played leaves the last screen there and says why.
import { mountPlayer } from "../player/player.js";
import { ask } from "./server.js";
import { textOf } from "./view.js";

const LONG = 200_000;
const at = (id) => document.getElementById(`preview-${id}`);

export function attachPreview({ view, path, checks, name }) {
  let sketch = null;
  let about = null;
  let text = "";
  let tried = null;
  let wantsRestart = false;
  let isTaking = false;
  let player = null;

  at("pane").hidden = false;
  // A long text is taken up when it is asked for, not at every pause.
  at("follow").checked = view.state.doc.length <= LONG;

  // If the server does not have the text, it is sent with the message.
  async function post(message) {
    const sent = { ...message, sketch };
    try {
      return await ask(`${path}/play`, sent);
    } catch (error) {
      if (error.status !== 404) throw error;
      return ask(`${path}/play`, { ...sent, flowJson: text });
    }
  }

  // Takes the text as it is now; whether it can be played.
  async function take() {
    tried = textOf(view.state);
    const wanted = tried;
    const answer = await ask(`${path}/sketch`, { flowJson: wanted });
    tell(answer.about.problem);
    if (answer.about.problem) return false;
    [sketch, about, text] = [answer.sketch, answer.about, wanted];
    at("live").parentElement.hidden = !about.endpoint;
    at("screen").replaceChildren(...about.screens.map(({ id }) => option(id, id)));
    at("screen").value = player?.screen?.screen ?? "";
    return true;
  }

  const isBehind = () => at("follow").checked && textOf(view.state) !== tried;

  // One text at a time: what is typed or asked for meanwhile is taken up after it.
  async function follow() {
    if (isTaking) return;
    isTaking = true;
    while (wantsRestart || isBehind()) {
      const before = wantsRestart ? null : player?.screen;
      wantsRestart = false;
      try {
        if (!(await take())) continue;
        const answer = before ? await player.redraw() : null;
        if (!answer || answer.screen.screen !== before.screen) restart();
      } catch (error) {
        tell(error.message);
        // Retried after the next check, rather than at once in an endless loop.
        tried = null;
        if (!wantsRestart) break;
      }
    }
    isTaking = false;
  }

  function run() {
    wantsRestart = true;
    follow();
  }

  // From the first screen, or from a chosen one.
  function restart(screen = "") {
    const today = new Date(Date.now() - new Date().getTimezoneOffset() * 60_000);
    const open = { event: "open", today: today.toISOString().slice(0, 10) };
    if (!sketch) return;
    player ??= mountPlayer(at("phone"), {
      post,
      onStep,
      answersFor,
      live: at("live").checked,
      sealed: true,
      business: name,
      onAgain: () => restart(),
    });
    at("device").hidden = false;
    player.start(screen ? { ...open, action: "navigate", data: null, screen } : open);
  }

  function onStep(answer) {
    tell(answer.refused);
    at("screen").value = answer.screen.screen ?? "";
  }

  // What is in the way, beside the last screen that could be shown.
  function tell(problem) {
    at("state").textContent = problem ?? "";
  }

  // While the endpoint is not called: the answers it might give.
  function answersFor(request) {
    const ids = about.screens.map(({ id }) => id);
    const here = about.screens.find(({ id }) => id === request.screen);
    const next = request.action === "INIT" ? ids : [...(here?.leads_to ?? []), request.screen];
    const answers = next.filter(Boolean).map((id) => [`Screen ${id}`, { made_up: id }]);
    return here?.terminal ? [...answers, ["SUCCESS, the end", { made_up: "SUCCESS" }]] : answers;
  }

  at("run").addEventListener("click", run);
  at("restart").addEventListener("click", () => restart());
  at("screen").addEventListener("change", () => restart(at("screen").value));
  at("live").addEventListener("change", () => player?.setLive(at("live").checked));
  checks.onChecked(follow);
  if (at("follow").checked) run();
}

function option(value, label) {
  const element = document.createElement("option");
  element.value = value;
  element.textContent = label;
  return element;
}
