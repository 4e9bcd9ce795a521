// The address of the preview page: what it asks for, and what is wrong with it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { read } from "../src/preview/parameters.js";

const ABOUT = { id: "1", interactive: true, endpoint: false, screens: [{ id: "FIRST" }] };

function asked(search, about = {}) {
  return read(search, { ...ABOUT, ...about });
}

test("an address without parameters opens the flow with its panel", () => {
  const { live, panel, open, problems } = asked("");

  assert.deepEqual([live, panel, problems], [false, true, []]);
  assert.equal(open.event, "open");
  assert.match(open.today, /^\d{4}-\d{2}-\d{2}$/);
});

test("the interactive preview has the panel for debug only", () => {
  assert.equal(asked("?interactive=true").panel, false);
  assert.equal(asked("?interactive=1&debug=TRUE").panel, true);
});

test("a screen and its data are taken from the payload", () => {
  const payload = encodeURIComponent('{"screen": "FIRST", "data": {"a": 1}}');
  const { open, problems } = asked(`?flow_action=navigate&flow_action_payload=${payload}`);

  assert.deepEqual([open.screen, open.data, problems], ["FIRST", { a: 1 }, []]);
});

for (const [search, start] of [
  ["?interactive=maybe", "interactive must be true or false"],
  ["?flow_action=jump", "flow_action must be"],
  ["?flow_action=navigate", "flow_action=navigate needs"],
  ["?flow_action_payload={}", "flow_action_payload is ignored"],
  ["?flow_action=navigate&flow_action_payload=[]", "flow_action_payload must be JSON"],
  ["?flow_action=navigate&flow_action_payload={%22screen%22:%22X%22}", "flow_action_payload names"],
  ["?phone_number=abc", "phone_number must be"],
  ["?flow_token=mine", "flow_token is ignored"],
]) {
  test(`${search} is a problem that is named`, () => {
    const { problems } = asked(search);

    assert.equal(problems.length, 1);
    assert.ok(problems[0].startsWith(start), problems[0]);
  });
}

test("a page of a file takes any flow token", () => {
  assert.equal(asked("?flow_token=mine", { id: "" }).open.flow_token, "mine");
});

test("a long value is cut where it is quoted", () => {
  const [problem] = asked(`?flow_action=${"x".repeat(500)}`).problems;

  assert.ok(problem.length < 150);
});
