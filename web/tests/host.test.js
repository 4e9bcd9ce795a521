// The queue of messages to the server: in order, nothing lost, nothing twice.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Host } from "../src/player/host.js";

/** A host whose server answers by a function, and what it was sent. */
function hosted(answer) {
  const sent = [];
  const failures = [];
  const host = new Host({
    post: async (message) => {
      sent.push(message);
      return answer(message, sent.length);
    },
    live: () => true,
    take: () => {},
    answered: () => {},
    failed: (error, again, kept) => failures.push({ error, again, kept }),
  });
  return { host, sent, failures };
}

const shown = (message, count) => ({ state: { step: count }, screen: { screen: "FIRST" } });
const typed = (name, value) => ({ event: "type", name, value });

test("events are sent one after the other with the state of the answer before", async () => {
  const { host, sent } = hosted(shown);

  host.start({ event: "open" });
  host.send({ event: "tap", key: "1" });
  await host.idle();

  assert.deepEqual(
    sent.map(({ state, event }) => [state?.step, event.event]),
    [
      [undefined, "open"],
      [1, "tap"],
    ],
  );
});

test("a text typed on replaces the one that still waits", async () => {
  const { host, sent } = hosted(shown);

  host.start({ event: "open" });
  host.send(typed("name", "I"));
  host.send(typed("name", "In"));
  host.send(typed("other", "x"));
  assert.ok(host.expects("name"));
  await host.idle();

  assert.deepEqual(
    sent.slice(1).map(({ event }) => event.value),
    ["In", "x"],
  );
  assert.ok(!host.expects("name"));
});

test("what could not be sent stays and is sent again first", async () => {
  let away = true;
  const { host, sent, failures } = hosted((message, count) => {
    if (away && count > 1) throw new Error("away");
    return shown(message, count);
  });
  host.start({ event: "open" });
  await host.idle();
  host.send({ event: "tap", key: "1" });
  await host.idle();
  assert.equal(failures.length, 1);
  assert.ok(failures[0].kept);

  away = false;
  failures[0].again();
  await host.idle();

  assert.deepEqual(
    sent.slice(-2).map(({ event }) => event.key),
    ["1", "1"],
  );
});

test("an answer to what was asked before a new start is not taken", async () => {
  const answers = [];
  const { host } = hosted(() => new Promise((resolve) => answers.push(resolve)));

  host.start({ event: "open" });
  host.start({ event: "open" });
  answers[0]({ state: { step: "old" }, screen: { screen: "OLD" } });
  await new Promise(setImmediate);
  answers[1]({ state: { step: "new" }, screen: { screen: "NEW" } });
  await host.idle();

  assert.equal(host.screen.screen, "NEW");
});

test("the endpoint is called while the state waits for it, and nothing else is taken", async () => {
  const { host, sent } = hosted((message, count) =>
    message.live
      ? { state: { phase: "open" }, screen: { screen: "NEXT" } }
      : { state: { phase: "waiting", request: { number: count } }, screen: { screen: "FIRST" } },
  );

  host.start({ event: "open" });
  await host.idle();

  assert.equal(sent.length, 2);
  assert.equal(sent[1].live, true);
  assert.equal(host.screen.screen, "NEXT");
});
