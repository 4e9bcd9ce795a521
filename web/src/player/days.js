// The days of a calendar: texts like 2026-03-01, which sort as the days do. Nothing here is drawn.

export const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
export const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

const MS = 86_400_000;

const utc = (day) => new Date(`${day}T00:00:00Z`);
const iso = (date) => date.toISOString().slice(0, 10);

/** Today where the person is. */
export function today() {
  const now = new Date();
  return iso(new Date(Date.UTC(now.getFullYear(), now.getMonth(), now.getDate())));
}

/** A day as people read it; what is not a day stays as it is. */
export function shown(day) {
  const [year, month, number] = day.split("-").map(Number);
  return number && MONTHS[month - 1] ? `${number} ${MONTHS[month - 1]} ${year}` : day;
}

/** Counted from Monday, which is 0. */
export function weekday(day) {
  return (utc(day).getUTCDay() + 6) % 7;
}

/** So many days later, or earlier. */
export function shift(day, days) {
  return iso(new Date(utc(day).getTime() + days * MS));
}

/** The same day so many months later, or the last one of a shorter month. */
export function monthsOn(day, months) {
  const at = utc(day);
  const moved = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + months, 1));
  const last = new Date(Date.UTC(moved.getUTCFullYear(), moved.getUTCMonth() + 1, 0)).getUTCDate();
  moved.setUTCDate(Math.min(at.getUTCDate(), last));
  return iso(moved);
}

/** The weeks of a day's month, each of seven days; the first and the last reach into its neighbours. */
export function weeks(day) {
  const first = `${day.slice(0, 8)}01`;
  const start = shift(first, -weekday(first));
  const found = [];
  for (let week = 0; week < 6; week += 1) {
    const days = Array.from({ length: 7 }, (_, number) => shift(start, week * 7 + number));
    if (week && days[0].slice(0, 7) !== day.slice(0, 7)) break;
    found.push(days);
  }
  return found;
}

/** A day, or the nearest one between a widget's first and last. */
export function within(widget, day) {
  if (day < widget.first) return widget.first;
  return day > widget.last ? widget.last : day;
}

/** Whether a widget lets a day be picked. */
export function isOffered(widget, day) {
  return (
    day === within(widget, day) &&
    !(widget.unavailable ?? []).includes(day) &&
    widget.weekdays.includes(WEEKDAYS[weekday(day)])
  );
}

/**
 * A range after one more day was picked, and whether the next one is its start (0) or its end (1).
 *
 * A start behind the end removes the end, and an end before the start begins a new range.
 */
export function extended([start, end], turn, day) {
  let values = turn === 0 ? [day, end] : [start, day];
  if (turn === 0 && end && end < day) values = [day, ""];
  if (turn === 1 && start && start > day) values = [day, ""];
  const next = values[0] ? (values[1] ? turn : 1) : 0;
  return { values, next };
}
