// DatePicker and CalendarPicker: a box for each date, and a calendar that opens over the screen.

import {
  extended,
  isOffered,
  MONTHS,
  monthsOn,
  shift,
  shown,
  today,
  WEEKDAYS,
  weekday,
  weeks,
  within,
} from "./days.js";
import { arrange, freshId, h, icon, setAttribute, setText } from "./dom.js";
import { describe, errorLine, opener } from "./fields.js";

export function dates(widget, player) {
  const title = h("h3", { class: "label" });
  const about = h("p", { class: "about" });
  const boxes = h("div", { class: "date-boxes" });
  const error = errorLine();
  const node = h("div", { class: "dates", role: "group" }, title, about, boxes, error.node);
  const parts = widget.parts.map((_, index) => part(() => open(index)));
  arrange(
    boxes,
    parts.map((each) => each.node),
  );
  let now = widget;
  const open = (index) => {
    const picked = now.parts.map((each) => each.value ?? "");
    const send = (values) => {
      surface.close();
      player.send(
        values.length === 2
          ? { event: "dates", name: now.name, start: values[0], end: values[1] }
          : { event: "date", name: now.name, date: values[0] },
      );
    };
    const { content, focus } = calendar(now, picked, index, send);
    const surface = player.surface(now.parts[index].label || now.title || "Date", content, {
      focus,
      from: parts[index].control,
    });
  };
  const update = (next) => {
    now = next;
    setText(title, next.title ?? "");
    setText(about, next.description ?? "");
    setAttribute(node, "aria-label", next.title || next.parts.map((each) => each.label).join(", "));
    next.parts.forEach((each, index) => parts[index].update(each, next.enabled !== false, error));
    error.set(next.error ?? "");
    parts.forEach((each) => each.describe(error));
  };
  const lines = () => [
    ...[title, about].filter((each) => !each.hidden).map((each) => each.textContent),
    ...parts.flatMap((each) => each.lines()),
    ...error.lines(),
  ];
  return { node, update, lines };
}

function part(open) {
  const helper = h("p", { class: "helper", id: freshId() });
  const box = opener("dialog", "calendar", open, helper);
  const { node, control, label, value, error } = box;
  const update = (next, enabled) => {
    box.update({
      words: next.label,
      shown: shown(next.value ?? ""),
      filled: next.value,
      enabled,
      wrong: next.error,
    });
    value.dataset.date = next.value ?? "";
    setText(helper, next.helper ?? "");
  };
  const lines = () => [
    `${label.textContent}: [${value.dataset.date}]${control.disabled ? "  (disabled)" : ""}`,
    ...(helper.hidden ? [] : [`    ${helper.textContent}`]),
    ...error.lines(),
  ];
  return {
    node,
    control,
    update,
    lines,
    describe: (whole) => {
      describe(control, whole, helper, error.node);
      control.removeAttribute("aria-invalid");
    },
  };
}

/** A month at a time. Of a range first the start is picked, then the end. */
function calendar(widget, picked, index, done) {
  const ranged = picked.length === 2;
  const here = today();
  let values = [...picked];
  let turn = index;
  let at = within(widget, picked[index] || widget.parts[index].opens_on || here);
  const years = [];
  for (
    let year = +widget.first.slice(0, 4);
    year <= +widget.last.slice(0, 4) && years.length < 400;
    year += 1
  )
    years.push(year);
  const select = (label, entries) =>
    h(
      "select",
      { "aria-label": label, onchange: () => jump() },
      ...entries.map(([value, text]) => h("option", { value }, text)),
    );
  const month = select(
    "Month",
    MONTHS.map((name, number) => [number, name]),
  );
  const year = select(
    "Year",
    years.map((each) => [each, String(each)]),
  );
  const go = (months, label, name) =>
    h(
      "button",
      {
        type: "button",
        class: "round",
        "aria-label": label,
        onclick: () => move(monthsOn(at, months), false),
      },
      icon(name),
    );
  const status = h("p", { class: "status", "aria-live": "polite" });
  const body = h("tbody");
  const grid = h(
    "table",
    { role: "grid", "aria-label": "Days", onkeydown: (event) => key(event) },
    h("thead", {}, h("tr", {}, ...WEEKDAYS.map((name) => h("th", { scope: "col" }, name)))),
    body,
  );
  const clear = h(
    "button",
    { type: "button", class: "link", onclick: () => done(values.map(() => "")) },
    "Clear",
  );
  const finish = h(
    "button",
    { type: "button", class: "main", onclick: () => done(values) },
    "Done",
  );
  const content = h(
    "div",
    { class: "calendar" },
    h(
      "div",
      { class: "month" },
      go(-1, "Previous month", "previous"),
      month,
      year,
      go(1, "Next month", "onward"),
    ),
    grid,
    status,
    h("div", { class: "buttons" }, clear, ranged ? finish : null),
  );

  const jump = () => move(within(widget, monthsOn(`${year.value}-01-01`, +month.value)), false);
  const move = (day, focus = true) => {
    at = within(widget, day);
    draw();
    if (focus) body.querySelector("[tabindex='0']")?.focus();
  };
  const pick = (day) => {
    if (!isOffered(widget, day)) return;
    at = day;
    if (!ranged) {
      done([day]);
      return;
    }
    const range = extended(values, turn, day);
    values = range.values;
    turn = range.next;
    draw();
    body.querySelector("[tabindex='0']")?.focus();
  };
  const key = (event) => {
    const number = weekday(at);
    const moves = {
      ArrowLeft: () => shift(at, -1),
      ArrowRight: () => shift(at, 1),
      ArrowUp: () => shift(at, -7),
      ArrowDown: () => shift(at, 7),
      Home: () => shift(at, -number),
      End: () => shift(at, 6 - number),
      PageUp: () => monthsOn(at, event.shiftKey ? -12 : -1),
      PageDown: () => monthsOn(at, event.shiftKey ? 12 : 1),
    };
    if (moves[event.key]) move(moves[event.key]());
    else if (event.key === "Enter" || event.key === " ") pick(at);
    else return;
    event.preventDefault();
  };
  const draw = () => {
    month.value = String(+at.slice(5, 7) - 1);
    year.value = String(+at.slice(0, 4));
    body.replaceChildren(...weeks(at).map((days) => h("tr", {}, ...days.map(cell))));
    status.textContent = ranged
      ? `Start ${shown(values[0]) || "not picked"}, end ${shown(values[1]) || "not picked"}`
      : "";
    status.hidden = !ranged;
  };
  const cell = (day) => {
    if (day.slice(0, 7) !== at.slice(0, 7)) return h("td", {});
    const chosen = values.includes(day);
    const between = ranged && values[0] && values[1] && day > values[0] && day < values[1];
    return h(
      "td",
      {
        role: "gridcell",
        class: between ? "between" : "",
        tabindex: day === at ? "0" : "-1",
        "aria-selected": chosen ? "true" : "false",
        "aria-disabled": isOffered(widget, day) ? null : "true",
        "aria-current": day === here ? "date" : null,
        "aria-label": shown(day),
        "data-date": day,
        onclick: () => pick(day),
      },
      h("span", {}, String(+day.slice(8))),
    );
  };
  draw();
  return { content, focus: () => body.querySelector("[tabindex='0']")?.focus() };
}
