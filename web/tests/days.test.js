// The arithmetic of the calendar: months of different lengths, weeks, and what a range becomes.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  extended,
  isOffered,
  monthsOn,
  shift,
  shown,
  today,
  weekday,
  weeks,
  within,
} from "../src/player/days.js";

const WIDGET = {
  first: "2026-03-02",
  last: "2026-03-31",
  weekdays: ["Mon", "Tue", "Wed", "Thu", "Fri"],
  unavailable: ["2026-03-10"],
};

test("a day is shown as people read it, and anything else as it is", () => {
  assert.equal(shown("2026-03-01"), "1 March 2026");
  assert.equal(shown("2026-12-31"), "31 December 2026");
  for (const text of ["", "soon", "2026-13-01", "2026-03"]) assert.equal(shown(text), text);
});

test("days go on over the ends of months and years and through leap days", () => {
  assert.equal(shift("2026-12-31", 1), "2027-01-01");
  assert.equal(shift("2024-02-28", 1), "2024-02-29");
  assert.equal(shift("2100-02-28", 1), "2100-03-01");
  assert.equal(shift("2026-03-01", -1), "2026-02-28");
});

test("no day is lost or met twice where clocks are changed", () => {
  let day = "2026-01-01";
  const met = new Set();
  while (day < "2027-01-01") {
    met.add(day);
    day = shift(day, 1);
  }
  assert.equal(met.size, 365);
});

test("a month later is the same day, or the last one of a shorter month", () => {
  assert.equal(monthsOn("2026-01-31", 1), "2026-02-28");
  assert.equal(monthsOn("2024-01-31", 1), "2024-02-29");
  assert.equal(monthsOn("2026-03-31", -1), "2026-02-28");
  assert.equal(monthsOn("2026-03-15", 12), "2027-03-15");
  assert.equal(monthsOn("2024-02-29", -12), "2023-02-28");
  assert.equal(monthsOn("2026-12-05", 1), "2027-01-05");
});

test("a week begins on Monday", () => {
  assert.equal(weekday("2026-03-02"), 0);
  assert.equal(weekday("2026-03-08"), 6);
});

test("the weeks of a month hold each of its days once, in whole weeks from Monday on", () => {
  for (const day of ["2026-02-14", "2026-03-01", "2026-08-31", "2027-02-28", "2024-02-29"]) {
    const found = weeks(day);
    assert.ok(found.every((week) => week.length === 7 && weekday(week[0]) === 0));
    const own = found.flat().filter((each) => each.slice(0, 7) === day.slice(0, 7));
    const last = Number(shift(monthsOn(`${day.slice(0, 8)}01`, 1), -1).slice(8));
    assert.equal(own.length, last);
    assert.deepEqual(own, [...new Set(own)].sort());
  }
});

test("four, five and six weeks are as many as a month needs", () => {
  assert.equal(weeks("2027-02-01").length, 4);
  assert.equal(weeks("2026-04-01").length, 5);
  assert.equal(weeks("2026-08-01").length, 6);
});

test("a day outside a widget's range becomes the nearest within", () => {
  assert.equal(within(WIDGET, "2026-01-01"), "2026-03-02");
  assert.equal(within(WIDGET, "2026-12-31"), "2026-03-31");
  assert.equal(within(WIDGET, "2026-03-15"), "2026-03-15");
});

test("only days in the range, on a weekday that is offered and not unavailable can be picked", () => {
  assert.equal(isOffered(WIDGET, "2026-03-02"), true);
  assert.equal(isOffered(WIDGET, "2026-03-31"), true);
  assert.equal(isOffered(WIDGET, "2026-03-10"), false, "unavailable");
  assert.equal(isOffered(WIDGET, "2026-03-07"), false, "a Saturday");
  assert.equal(isOffered(WIDGET, "2026-02-27"), false, "too early");
  assert.equal(isOffered(WIDGET, "2026-04-01"), false, "too late");
  assert.equal(isOffered({ ...WIDGET, unavailable: undefined }, "2026-03-10"), true);
});

test("a range is picked start first, then its end", () => {
  const begun = extended(["", ""], 0, "2026-03-05");
  assert.deepEqual(begun, { values: ["2026-03-05", ""], next: 1 });
  const ended = extended(begun.values, begun.next, "2026-03-09");
  assert.deepEqual(ended, { values: ["2026-03-05", "2026-03-09"], next: 1 });
});

test("an end before the start begins a new range", () => {
  const { values, next } = extended(["2026-03-05", ""], 1, "2026-03-03");
  assert.deepEqual({ values, next }, { values: ["2026-03-03", ""], next: 1 });
});

test("a start behind the end removes the end, and one before it keeps it", () => {
  const range = ["2026-03-05", "2026-03-09"];
  assert.deepEqual(extended(range, 0, "2026-03-12").values, ["2026-03-12", ""]);
  assert.deepEqual(extended(range, 0, "2026-03-09").values, ["2026-03-09", "2026-03-09"]);
  assert.deepEqual(extended(range, 0, "2026-03-02").values, ["2026-03-02", "2026-03-09"]);
});

test("an end that is picked before there is a start waits for it", () => {
  const { values, next } = extended(["", ""], 1, "2026-03-09");
  assert.deepEqual({ values, next }, { values: ["", "2026-03-09"], next: 0 });
});

test("today is a day", () => {
  assert.match(today(), /^\d{4}-\d{2}-\d{2}$/);
});
