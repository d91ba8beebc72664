// SPDX-License-Identifier: BSD-2-Clause
// datapath.js - what was read of all flows, how full maps are, what was lost, what it costs.

import { html } from "htm/preact";
import { bytes, count, share, words } from "./format.js";
import { Bar, Empty, Num, Panel, Table } from "./parts.js";
import { state } from "./store.js";

const READ = ["single_segment", "reassembled"];
const NO_HELLO = ["not_tls", "no_data", "tcp_refused"];
const toneOf = (bucket) => (READ.includes(bucket) ? "established" : NO_HELLO.includes(bucket) ? "unknown" : bucket === "active" ? "would" : "failed");

function Coverage({ total }) {
  const buckets = [...Object.entries(total.coverage), ["active", total.flows_active]].sort((a, b) => b[1] - a[1]);
  const all = buckets.reduce((sum, [, n]) => sum + n, 0);
  const shown = buckets.filter(([, n]) => n);
  if (!all) return html`<${Empty}>No flow has been seen: is there traffic on the interface?<//>`;
  return html`<div class="parted" aria-hidden="true">
      ${shown.map(([b, n]) => html`<i key=${b} class=${toneOf(b)} style=${{ flexGrow: n }}></i>`)}
    </div>
    <table aria-label="coverage">
      <thead><tr><th class="text" scope="col">Bucket</th><th class="number" scope="col">Flows</th><th class="number" scope="col">Share</th></tr></thead>
      <tbody>
        ${shown.map(
          ([b, n]) => html`<tr key=${b}>
            <td class="text"><i class="dot ${toneOf(b)}" aria-hidden="true"></i> ${words(b)}</td>
            <td class="number"><${Num} id="bucket ${b}" value=${n} /></td><td class="number">${share(n, all)}</td>
          </tr>`,
        )}
        <tr class="sum"><td class="text">flows created</td><td class="number"><${Num} id="flows_created" value=${total.flows_created} /></td>
          <td class="number">${all === total.flows_created ? "the sum" : "being counted"}</td></tr>
      </tbody>
    </table>`;
}

const mapColumns = [
  { id: "map", title: "Map", text: true, of: (m) => m.map, show: (m) => words(m.map) },
  { id: "used", title: "Used", of: (m) => m.entries || 0, show: (m) => (m.entries === undefined ? "–" : m.map === "events" ? bytes(m.entries) : count(m.entries)) },
  { id: "of", title: "Of", of: (m) => m.capacity, show: (m) => (m.map === "events" ? bytes(m.capacity) : count(m.capacity)) },
  {
    id: "fill",
    title: "Fill",
    of: (m) => (m.entries || 0) / m.capacity,
    show: (m) => html`${share(m.entries || 0, m.capacity)} <${Bar} part=${m.entries || 0} whole=${m.capacity} tone=${(m.entries || 0) > 0.9 * m.capacity ? "failed" : "would"} />`,
  },
];

const LOSSES = (s) => [
  ["ring", "events that found the ring full", s.total.events_lost],
  ["socket", "records that a reader was too slow for", s.run.lost_socket],
  ["sink", "events that run could not keep or write", s.run.lost_sink],
  ["page", "messages that a page was too slow for", s.run.messages_missed],
  ["watchers", "pages beyond the most that may watch", s.run.streams_refused],
  ["undiagnosed", "failed handshakes overwritten before somebody looked", s.undiagnosed_overwritten],
  ["verdicts", "flows that were not decided in time", s.total.verdict_timeouts],
];

const lossColumns = [
  { id: "stage", title: "Stage", text: true, of: (l) => l[0] },
  { id: "what", title: "What", text: true, of: (l) => l[1], hide: "narrow" },
  { id: "count", title: "Lost", of: (l) => l[2], show: (l) => html`<span class=${l[2] ? "warned" : ""}><${Num} id="lost ${l[0]}" value=${l[2]} /></span>` },
];

// Groups of counters that are 0 as a rule.
const pairColumns = (title) => [
  { id: "what", title, text: true, of: (r) => r[0], show: (r) => words(r[0]) },
  { id: "count", title: "Count", of: (r) => r[1], show: (r) => count(r[1]) },
];
const nonzero = (group) => Object.entries(group).filter(([, n]) => n);

// Since the frame before, or, where nothing ran meanwhile, over all.
function costs() {
  const before = state.before ? Object.fromEntries(state.before.interfaces.map((i) => [i.label, i.costs])) : {};
  return state.status.interfaces.flatMap((i) =>
    Object.entries(i.costs).map(([program, now]) => {
      const was = (before[i.label] || {})[program];
      const runs = was ? now.runs - was.runs : 0;
      return { key: `${i.label} ${program}`, runs: now.runs, lately: runs > 0 ? (now.ns - was.ns) / runs : undefined, all: now.ns / now.runs };
    }),
  );
}

const costColumns = [
  { id: "key", title: "Program", text: true, of: (c) => c.key },
  { id: "lately", title: "ns a packet, now", of: (c) => c.lately || 0, show: (c) => (c.lately ? count(Math.round(c.lately)) : "–") },
  { id: "all", title: "in all", of: (c) => c.all, show: (c) => count(Math.round(c.all)) },
  { id: "runs", title: "Packets", of: (c) => c.runs, show: (c) => count(c.runs), hide: "narrow" },
];

function Cost({ on }) {
  if (!on)
    return html`<${Empty}>The kernel takes no note of it now; it costs each packet some: <code>sysctl kernel.bpf_stats_enabled=1</code><//>`;
  return html`<${Table} label="cost" columns=${costColumns} rows=${costs()} id=${(c) => c.key}
    empty="No program has run since, or hellogate run may not look at them (CAP_SYS_ADMIN)." />`;
}

export function DataPath() {
  const { status } = state;
  const { total } = status;
  return html`<div class="columns">
    <div>
      <${Panel} title="Coverage" note="each flow is in one bucket"><${Coverage} total=${total} /><//>
      <${Panel} title="Losses" note="since the counters began"><${Table} label="losses" columns=${lossColumns} rows=${LOSSES(status)} id=${(l) => l[0]} /><//>
      <${Panel} title="Packets that could not be read" note="they pass">
        <${Table} label="unparsed packets" columns=${pairColumns("Reason")} rows=${nonzero(total.unparsed)} id=${(r) => r[0]} empty="All could be read." />
      <//>
    </div>
    <div>
      <${Panel} title="Map fill"><${Table} label="maps" columns=${mapColumns} rows=${status.maps} id=${(m) => m.map} /><//>
      <${Panel} title="Cost of a packet" note="kernel.bpf_stats_enabled=${status.bpf_stats ? 1 : 0}"><${Cost} on=${status.bpf_stats} /><//>
      <${Panel} title="Refused, and resets that failed">
        <${Table} label="refusals" columns=${pairColumns("What")} rows=${[...nonzero(total.refused), ...nonzero(total.reset_failures)]} id=${(r) => r[0]} empty="Nothing was refused, and each reset was sent." />
      <//>
      <${Panel} title="Signs of life">
        <dl class="facts">
          <div><dt>Sweep</dt><dd>${count(status.sweep_runs)} runs</dd></div>
          <div><dt>Daemon</dt><dd>${status.daemon ? "is there" : "is not there"}</dd></div>
          <div><dt>Watching</dt><dd>${state.live ? count(state.live.watchers) : "–"}</dd></div>
          <div><dt>Version</dt><dd>${status.version}</dd></div>
          <div><dt>Instance</dt><dd><code>${status.instance}</code></dd></div>
        </dl>
      <//>
    </div>
  </div>`;
}
