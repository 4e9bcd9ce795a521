// What is asked of the host that plays the flow: one message after the other, in the order in which
// things happened. It knows nothing of what is drawn.
//
// What could not be sent stays first in the queue and is sent again with the next message, so
// nothing entered is lost while the host is away.

import { same } from "./dom.js";

// A message with no event in it asks for the screen of the state as it is.
const REDRAW = {};

/**
 * The state of a flow and the messages about it.
 *
 * `post(message)` sends one; `live()` tells whether the endpoint may be called; `take(answer,
 * event, before)` hears of each answer, `answered()` that there is one, and `failed(error, again,
 * kept)` of each message that got none: `again` sends it once more, `kept` tells whether something
 * a person did is in it.
 */
export class Host {
  state = null;
  // What the server proves by that the state is its own, where it does.
  seal = "";
  screen = null;
  queue = [];
  busy = false;
  asking = false;
  // Answers to what was asked before the flow was started anew are not wanted any more.
  round = 0;
  waiters = [];

  constructor({ post, live, take, failed, answered }) {
    Object.assign(this, { post, live, take, failed, answered });
  }

  get waiting() {
    return this.state?.phase === "waiting";
  }

  /** Where the flow stands, as the server is sent it. */
  get place() {
    return this.seal ? { state: this.state, seal: this.seal } : { state: this.state };
  }

  /** Forgets what there is and lets an opening event happen. */
  start(event) {
    this.forget();
    this.send(event);
  }

  /** Wants nothing any more of what was asked so far. */
  forget() {
    this.round += 1;
    this.discard();
    this.busy = false;
    this.asking = false;
    this.state = null;
    this.seal = "";
    this.screen = null;
  }

  /** Gives up what could not be sent yet. */
  discard() {
    for (const { done } of this.queue) done?.(null);
    this.queue = [];
  }

  /** Lets an event happen, after those before it. A text typed on replaces the one still waiting. */
  send(event) {
    if (this.waiting && event.event !== "close") return;
    const last = this.queue.at(-1)?.message.event;
    if (last?.event === "type" && event.event === "type" && last.name === event.name)
      this.queue.pop();
    this.queue.push({ message: { event } });
    this.work();
  }

  /** Goes on with what stands for the endpoint's answer. */
  answer(message) {
    if (this.busy) return;
    this.queue = [{ message }];
    this.work();
  }

  /**
   * Asks for the screen of the same state, of a document that may have changed. Gives the answer
   * with `lost`, the screen shown before when that document has it no more; null without an answer.
   */
  redraw() {
    if (!this.state) return Promise.resolve(null);
    return new Promise((done) => {
      this.queue.unshift({ message: REDRAW, done });
      this.work();
    });
  }

  /** Whether an input was changed in a way that no answer tells yet. */
  expects(name) {
    return this.queue.some(({ message }) => message.event?.name === name);
  }

  async work() {
    if (this.busy) return;
    this.busy = true;
    const { round } = this;
    while (this.queue.length) {
      const { message, done } = this.queue.shift();
      const { state } = this;
      const kept = Boolean(state && message.event);
      const answer = await this.ask({ ...this.place, ...message }, () => this.work(), kept);
      if (round !== this.round) {
        done?.(null);
        return;
      }
      if (!answer) {
        done?.(null);
        this.queue.unshift({ message });
        break;
      }
      if (message === REDRAW && state !== this.state) {
        // The endpoint's answer came in between; what was asked for is the screen of now.
        this.queue.unshift({ message, done });
        continue;
      }
      const before = this.screen?.screen ?? "";
      this.taken(answer, message.event ?? null);
      done?.({ ...answer, lost: answer.screen.screen === before ? "" : before });
    }
    this.busy = false;
    if (!this.queue.length) this.wait();
    this.settled();
  }

  /** Has the endpoint called while the state waits for it. */
  async wait() {
    if (!this.waiting || !this.live() || this.asking) return;
    this.asking = true;
    const { round, state } = this;
    const answer = await this.ask({ ...this.place, live: true }, () => this.wait(), false);
    if (round !== this.round) return;
    this.asking = false;
    if (answer && same(this.state.request, state.request)) this.taken(answer, null);
    this.settled();
  }

  async ask(message, again, kept) {
    const { round } = this;
    try {
      const answer = await this.post(message);
      if (round === this.round) this.answered();
      return answer;
    } catch (error) {
      if (round === this.round) this.failed(error, again, kept);
      return null;
    }
  }

  taken(answer, event) {
    const before = this.screen;
    this.state = answer.state;
    this.seal = answer.seal ?? "";
    this.screen = answer.screen;
    this.take(answer, event, before);
  }

  /** Settles once nothing is asked any more. */
  idle() {
    if (!this.busy && !this.asking) return Promise.resolve();
    return new Promise((resolve) => this.waiters.push(resolve));
  }

  settled() {
    if (this.busy || this.asking) return;
    for (const resolve of this.waiters.splice(0)) resolve();
  }
}
