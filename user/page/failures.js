// SPDX-License-Identifier: BSD-2-Clause
// failures.js - what fails, on which side, since when, and for whom.

import { html } from "htm/preact";
import { Chart } from "./chart.js";
import { age, count, matches, share, words } from "./format.js";
import { Bar, Empty, Num, Panel, Recent, Table } from "./parts.js";
import { perMinute, Range, rangeSeconds, rangeStart } from "./ranges.js";
import { state } from "./store.js";

const TOLD = 6; // causes with a colour of their own
const sum = (list) => list.reduce((a, b) => a + b, 0);

// A failure of ours is a reset, which the policy wanted.
const ours = (f) => f.cause === "policy_reset" || f.cause === "policy_drop";

function OverTime() {
  const from = rangeStart();
  const h = state.history;
  if (from === null) return html`<${Empty}>The first sample comes ten seconds after hellogate run has started.<//>`;
  const scale = perMinute(from);
  const list = h.failures
    .filter((f) => !ours(f))
    .map((f) => ({ label: `${words(f.cause)} (${f.side})`, values: scale(f.counts) }))
    .map((f) => ({ ...f, all: sum(f.values) }))
    .filter((f) => f.all)
    .sort((a, b) => b.all - a.all);
  if (!list.length) return html`<${Empty}>Nothing has failed within this time.<//>`;
  const series = list.slice(0, TOLD).map((f, i) => ({ ...f, color: `series-${i + 1}` }));
  const others = list.slice(TOLD);
  if (others.length)
    series.push({
      label: `${others.length} others`,
      color: "unknown",
      values: others[0].values.map((_, i) => sum(others.map((f) => f.values[i]))),
    });
  return html`<${Chart} times=${h.times.slice(from)} span=${rangeSeconds()} series=${series} stack=${true} label="failed handshakes a minute, by cause, over time" />`;
}

const windowOf = (top, cause) => {
  const row = top.causes.rows.find((c) => c.cause === cause);
  return row ? row.failed + row.resets : 0;
};

export function Failures({ filter }) {
  const { status, top } = state;
  const failures = status.failures.filter((f) => matches(filter, words(f.cause), f.cause, f.side));
  const all = sum(status.failures.map((f) => f.count));
  const causes = [
    { id: "cause", title: "Cause", text: true, of: (f) => f.cause, show: (f) => words(f.cause) },
    { id: "side", title: "Side", text: true, of: (f) => f.side },
    { id: "count", title: "In all", of: (f) => f.count, show: (f) => html`<${Num} id="failure ${f.cause} ${f.side}" value=${f.count} />` },
    { id: "share", title: "Share", of: (f) => f.count, show: (f) => html`${share(f.count, all)} <${Bar} part=${f.count} whole=${all} tone=${ours(f) ? "reset" : "failed"} />` },
    { id: "window", title: age(top.window.span), of: (f) => windowOf(top, f.cause), show: (f) => count(windowOf(top, f.cause)), hide: "narrow" },
  ];
  const most = (list, key, title) => [
    { id: "key", title, text: true, of: (r) => r[key], show: (r) => html`<span class="name">${r[key]}</span>` },
    { id: "failed", title: "Failed", of: (r) => r.failed, show: (r) => count(r.failed) },
    { id: "share", title: "Share", of: (r) => r.share || 0, show: (r) => (r.share === undefined ? "–" : share(r.share, 1)) },
    { id: "cause", title: "Top cause", text: true, of: (r) => Object.keys(r.causes)[0] || "", show: (r) => words(Object.keys(r.causes)[0]) || "–", hide: "narrow" },
  ];
  const failing = (list, key) => top[list].rows.filter((r) => r.failed && matches(filter, r[key], ...Object.keys(r.causes)));
  const note = `of the last ${age(top.window.span)}`;
  return html`<div class="grid">
    <${Panel} title="Failures over time" note="a minute; without our resets" tools=${html`<${Range} />`} wide=${true}><${OverTime} /><//>
    <${Panel} title="Cause by side" note="since the counters began" wide=${true}>
      <${Table} label="cause by side" columns=${causes} rows=${failures} id=${(f) => `${f.cause} ${f.side}`} sorted=${{ by: "count" }}
        detail=${(f) => html`<${Recent} list="causes" of=${f.cause} />`}
        empty=${filter ? "No cause or side has that in it." : "Nothing has failed since the counters began."} />
    <//>
    <${Panel} title="Clients that fail most" note=${note}>
      <${Table} label="clients that fail most" columns=${most("clients", "client", "Client")} rows=${failing("clients", "client")} most=${12}
        id=${(r) => r.client} detail=${(r) => html`<${Recent} list="clients" of=${r.client} />`} empty="No client has failed lately." />
    <//>
    <${Panel} title="Server names that fail most" note=${note}>
      <${Table} label="server names that fail most" columns=${most("names", "name", "Server name")} rows=${failing("names", "name")} most=${12}
        id=${(r) => r.name} detail=${(r) => html`<${Recent} list="names" of=${r.name} />`} empty="No server name has failed lately." />
    <//>
  </div>`;
}
