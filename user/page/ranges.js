// SPDX-License-Identifier: BSD-2-Clause
// ranges.js - how far back a chart looks, and what of the history that is.

import { html } from "htm/preact";
import { Choice } from "./parts.js";
import { redraw, state } from "./store.js";

const RANGES = [
  ["15", "15 min"],
  ["60", "1 h"],
  ["360", "6 h"],
];
let chosen = "15";

export const Range = () =>
  html`<${Choice} label="range" options=${RANGES} value=${chosen} onChoose=${(r) => {
    chosen = r;
    redraw();
  }} />`;

export const rangeSeconds = () => Number(chosen) * 60;

// Where in the history the range begins; null: there is none by now.
export function rangeStart() {
  const h = state.history;
  if (!h || !h.times.length) return null;
  return Math.max(0, h.times.length - rangeSeconds() / h.step);
}

const per = (factor, from) => (values) => values.slice(from).map((v) => v * factor);
export const perSecond = (from) => per(1 / state.history.step, from);
export const perMinute = (from) => per(60 / state.history.step, from);
