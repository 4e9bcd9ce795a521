// The query parameters of the page: those Meta documents for its interactive web preview.

/** What the address asks for: the opening event, and what of it cannot be done. */
export function read(search, about) {
  const query = new URLSearchParams(search);
  const problems = [];
  const live = flag(query, "interactive", problems);
  const debug = flag(query, "debug", problems);
  const action = query.get("flow_action") ?? "";
  if (!["", "navigate", "data_exchange"].includes(action)) {
    problems.push(`flow_action must be navigate or data_exchange, not ${quoted(action)}.`);
  }
  const open = { event: "open", today: today() };
  flowToken(query, about, open, problems);
  if (action === "data_exchange") open.action = action;
  payload(query, action, about, open, problems);
  const phone = query.get("phone_number") ?? "";
  if (phone && !/^\+?[0-9 ()-]{5,25}$/.test(phone)) {
    problems.push(`phone_number must be a phone number, not ${quoted(phone)}.`);
  }
  if (live && about.endpoint && about.id && !about.interactive) {
    problems.push("interactive is ignored: the link was created with a read-only or masked key.");
  }
  // Whoever asks for the interactive preview as Meta has it gets the panel for debug=true only.
  return { live: live && (about.interactive || !about.id), panel: !live || debug, open, problems };
}

// A page of the server may choose among made-up tokens only; that of a file among any.
function flowToken(query, about, open, problems) {
  const given = query.get("flow_token");
  if (!given) return;
  if (!about.id || given.startsWith("preview-") || given === about.flow_token) {
    open.flow_token = given;
  } else {
    problems.push(
      `flow_token is ignored: it must begin with “preview-”, or be in the link as the server issued it, not ${quoted(given)}.`,
    );
  }
}

function payload(query, action, about, open, problems) {
  const given = query.get("flow_action_payload");
  if (given === null) {
    if (action === "navigate")
      problems.push("flow_action=navigate needs flow_action_payload, JSON with a screen.");
    return;
  }
  if (action !== "navigate") {
    problems.push("flow_action_payload is ignored: it requires flow_action=navigate.");
    return;
  }
  let found;
  try {
    found = JSON.parse(given);
  } catch {
    found = null;
  }
  if (!isObject(found) || typeof found.screen !== "string") {
    problems.push('flow_action_payload must be JSON such as {"screen": "FIRST", "data": {}}.');
    return;
  }
  if (!about.screens.some((screen) => screen.id === found.screen)) {
    problems.push(
      `flow_action_payload names a screen that does not exist: ${quoted(found.screen)}.`,
    );
    return;
  }
  open.screen = found.screen;
  if (isObject(found.data)) open.data = found.data;
  else if (found.data !== undefined)
    problems.push("flow_action_payload.data must be a JSON object.");
}

function flag(query, name, problems) {
  const given = (query.get(name) ?? "").toLowerCase();
  if (!["", "true", "1", "false", "0"].includes(given)) {
    problems.push(`${name} must be true or false, not ${quoted(given)}.`);
  }
  return given === "true" || given === "1";
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function quoted(text) {
  return `“${text.length > 60 ? `${text.slice(0, 60)}…` : text}”`;
}

function today() {
  const now = new Date();
  return new Date(Date.UTC(now.getFullYear(), now.getMonth(), now.getDate()))
    .toISOString()
    .slice(0, 10);
}
