// The code editor of a flow's page. It replaces the text field, which works without it.
import { attachChecks } from "./editor/checks.js";
import { completions } from "./editor/completions.js";
import { attachPreview } from "./editor/preview.js";
import { attachSaving } from "./editor/saving.js";
import { attachTidying } from "./editor/tidying.js";
import { makeView } from "./editor/view.js";

const field = document.getElementById("flow-json");
const form = document.getElementById("text-form");
const mount = document.getElementById("editor");

const checks = attachChecks({
  list: document.getElementById("faults"),
  count: document.getElementById("faults-count"),
});
const saving = attachSaving({ form, writable: !field.readOnly });
const view = makeView(mount, field, [checks.extension, saving.extension, completions()]);
saving.bind(view);
attachTidying({ view, button: document.getElementById("tidy"), tell: saving.tell });
attachPreview({ view, path: new URL(form.action).pathname, checks, name: form.dataset.name });
field.hidden = true;
field.disabled = true;
