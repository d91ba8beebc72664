// SPDX-License-Identifier: BSD-2-Clause
// store.js - what the daemon has told: by a stream of events, or, where there is
// none, by asking. Views read `state` and are drawn again when it changes.

const ROWS_KEPT = 500;
const TREND = 60; // frames behind the small lines
const RETRY_MS = 1500;
const ASK_MS = 2000;
const HISTORY_MS = 10000;
const QUIET_MS = 5000; // without a frame: the daemon says nothing
const HIDDEN_MS = 30000; // a page that nobody sees watches no longer

export const state = {
  connection: "connecting", // "live", "asking", "lost"
  heard: 0, // when the last frame came
  top: null,
  status: null,
  before: null, // the status before this one, for costs
  live: null,
  history: null,
  trend: [], // of the last frames
  rows: [], // handshakes, the newest first
  rowsLeftOut: 0, // that the daemon did not send
  missed: 0, // messages that came too slowly for us
  paused: false,
  waiting: 0, // rows that came while paused
};

let changed = () => {};
let stream = null;
let retry = 0;
let last = 0; // id of the last message: whoever comes back soon has missed nothing
let held = []; // rows that wait for the end of a pause
let latest = null; // and the last frame

export function onChange(draw) {
  let due = false;
  changed = () => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      draw();
    });
  };
}

export const redraw = () => changed();

export async function ask(path) {
  const answer = await fetch(path, { cache: "no-store" });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

function take(frame) {
  latest = null;
  state.before = state.status;
  state.top = frame.top;
  state.status = frame.status;
  if (frame.live) {
    state.live = frame.live;
    state.rowsLeftOut += frame.live.left_out;
  }
  const i = frame.top.interval;
  if (!frame.live || i.seconds < 0.5) return;
  state.trend = [
    ...state.trend.slice(1 - TREND),
    {
      hellos: i.hellos / i.seconds,
      established: i.handshakes.established / i.seconds,
      failed: i.handshakes.failed / i.seconds,
      resets: i.resets / i.seconds,
    },
  ];
}

function onFrame(event) {
  last = event.lastEventId;
  state.heard = Date.now();
  state.connection = "live";
  latest = JSON.parse(event.data);
  if (!state.paused) take(latest);
  changed();
}

function onHandshake(event) {
  const row = JSON.parse(event.data);
  last = event.lastEventId;
  if (state.paused) {
    held = [row, ...held].slice(0, ROWS_KEPT);
    state.waiting++;
  } else {
    state.rows = [row, ...state.rows].slice(0, ROWS_KEPT);
  }
  changed();
}

function onMissed(event) {
  state.missed += JSON.parse(event.data).messages;
  changed();
}

export function pause() {
  state.paused = !state.paused;
  if (!state.paused) {
    state.rows = [...held, ...state.rows].slice(0, ROWS_KEPT);
    held = [];
    state.waiting = 0;
    if (latest) take(latest);
  }
  changed();
}

// A browser tries again by itself when a stream breaks, but not when one is refused.
function open() {
  clearTimeout(retry);
  if (stream) stream.close();
  stream = new EventSource(`/api/v1/live?after=${last}`);
  stream.addEventListener("frame", onFrame);
  stream.addEventListener("handshake", onHandshake);
  stream.addEventListener("missed", onMissed);
  stream.onopen = () => {
    state.heard = Date.now();
    readHistory();
  };
  stream.onerror = () => {
    if (state.connection === "live") state.connection = "lost";
    stream.close();
    clearTimeout(retry);
    retry = setTimeout(open, RETRY_MS);
    changed();
    poll();
  };
}

// Without a stream the page still shows what is: of who may watch there is a bound.
async function poll() {
  if (state.connection === "live") return;
  try {
    const [top, status] = await Promise.all([ask("/api/v1/top"), ask("/api/v1/status")]);
    if (state.connection === "live") return;
    state.connection = "asking";
    state.heard = Date.now();
    if (!state.paused) take({ top, status });
  } catch {
    if (state.connection !== "live") state.connection = "lost";
  }
  changed();
}

async function readHistory() {
  try {
    const history = await ask("/api/v1/history");
    if (!state.paused) state.history = history;
    changed();
  } catch {
    // the stream tells that the daemon is gone
  }
}

function onVisibility() {
  clearTimeout(onVisibility.timer);
  if (document.hidden) {
    onVisibility.timer = setTimeout(() => {
      if (stream) stream.close();
      stream = null;
      clearTimeout(retry);
    }, HIDDEN_MS);
  } else if (!stream) {
    open();
  }
}

export function start() {
  open();
  poll();
  readHistory();
  setInterval(readHistory, HISTORY_MS);
  setInterval(() => {
    if (document.hidden) return;
    if (state.connection === "live" && Date.now() - state.heard > QUIET_MS) state.connection = "lost";
    if (state.connection !== "live") poll();
    changed();
  }, ASK_MS);
  document.addEventListener("visibilitychange", onVisibility);
}
