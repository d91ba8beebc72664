// SPDX-License-Identifier: BSD-2-Clause
// chart.js - lines or stacked areas over time, by uPlot.

import { html } from "htm/preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { clock, rate } from "./format.js";
import { color, theme } from "./theme.js";

const HEIGHT = 200;
const SPAN_LEAST = 300; // seconds: what has just begun is not drawn as a long time

const STEPS = [60, 300, 600, 900, 1800, 3600, 7200]; // seconds between two labels

const plain = (n) => (Number.isInteger(n) ? String(n) : n.toFixed(1));
const hours = (u, splits) => splits.map((s) => clock(s * 1000).slice(0, 5));

function axis(values, extra) {
  return {
    stroke: color("muted"),
    grid: { stroke: color("line"), width: 1 },
    ticks: { stroke: color("line"), width: 1, size: 4 },
    font: "11px system-ui, sans-serif",
    values,
    ...extra,
  };
}

// The last series on top of those before: what is drawn is a sum, what is told is not.
function stacked(series) {
  const sums = [];
  for (const s of series) {
    const below = sums.at(-1);
    sums.push(s.values.map((v, i) => v + (below ? below[i] : 0)));
  }
  return sums;
}

function options(series, stack, width, raw, now) {
  return {
    width,
    height: HEIGHT,
    padding: [10, 8, 0, 0],
    cursor: { y: false, points: { size: 6 } },
    scales: { x: { range: (u, min, max) => [Math.max(max - now.span, Math.min(min, max - SPAN_LEAST)), max] }, y: { range: (u, min, max) => [0, max > 0 ? max * 1.1 : 1] } },
    axes: [axis(hours, { space: 70, size: 30, incrs: STEPS }), axis((u, splits) => splits.map(plain), { size: 48 })],
    series: [
      { label: "at", value: (u, v) => (v ? clock(v * 1000) : "–") },
      ...series.map((s, n) => ({
        label: s.label,
        stroke: color(s.color),
        width: 1.5,
        dash: s.dash ? [5, 4] : undefined,
        fill: stack ? `${color(s.color)}59` : undefined,
        points: { show: (u) => u.data[0].length < 3, size: 5 },
        value: (u, v, si, i) => (i === null || i === undefined ? "–" : rate(raw[n][i])),
      })),
    ],
    bands: stack ? series.slice(1).map((s, n) => ({ series: [n + 2, n + 1] })) : undefined,
    legend: { live: true },
  };
}

// Where the pointer is, or else the newest.
function tell(plot) {
  if (plot.cursor.idx === null || plot.cursor.idx === undefined) plot.setLegend({ idx: plot.data[0].length - 1 }, false);
}

// series: [{ label, color, values, dash }], each as long as `times` (milliseconds); `span`: seconds.
export function Chart({ times, series, span, stack, label }) {
  const box = useRef(null);
  const kept = useRef({});
  const form = `${theme()} ${stack} ${series.map((s) => s.label + s.color).join()}`;

  useEffect(() => {
    const data = [times.map((t) => t / 1000), ...(stack ? stacked(series) : series.map((s) => s.values))];
    const k = kept.current;
    k.raw = k.raw || [];
    k.now = k.now || {};
    k.now.span = span;
    k.raw.splice(0, k.raw.length, ...series.map((s) => s.values));
    if (k.plot && k.form === form) {
      k.plot.setData(data);
      tell(k.plot);
      return;
    }
    if (k.plot) k.plot.destroy();
    k.form = form;
    k.plot = new uPlot(options(series, stack, box.current.clientWidth, k.raw, k.now), data, box.current);
    tell(k.plot);
  });
  useEffect(() => {
    const watch = new ResizeObserver(() => {
      const k = kept.current;
      if (k.plot && box.current) k.plot.setSize({ width: box.current.clientWidth, height: HEIGHT });
    });
    watch.observe(box.current);
    return () => {
      watch.disconnect();
      if (kept.current.plot) kept.current.plot.destroy();
      kept.current = {};
    };
  }, []);
  return html`<div class="chart" role="img" aria-label=${label} ref=${box}></div>`;
}

// A small line behind a number.
export function Spark({ values, tone }) {
  if (values.length < 2) return html`<svg class="spark" aria-hidden="true"></svg>`;
  const most = Math.max(...values, 1e-9);
  const points = values
    .map((v, i) => `${((i / (values.length - 1)) * 100).toFixed(1)},${(23 - (v / most) * 21).toFixed(1)}`)
    .join(" ");
  return html`<svg class="spark ${tone}" viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true">
    <polyline points=${points} vector-effect="non-scaling-stroke" />
  </svg>`;
}
