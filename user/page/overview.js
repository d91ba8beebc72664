// SPDX-License-Identifier: BSD-2-Clause
// overview.js - is all well, and how much is there of what?

import { html } from "htm/preact";
import { Chart, Spark } from "./chart.js";
import { age, count, rate, share, words } from "./format.js";
import { Bar, Empty, Num, Panel, Table } from "./parts.js";
import { perSecond, Range, rangeSeconds, rangeStart } from "./ranges.js";
import { state } from "./store.js";

const LEVELS = { ok: ["good", "✓"], WARN: ["warn", "!"], FAIL: ["bad", "✗"] };

function Health({ findings }) {
  const worse = findings.filter((f) => f.level !== "ok");
  if (!worse.length)
    return html`<p class="finding good" data-health="ok"><i aria-hidden="true">✓</i> All is well: ${findings.map((f) => f.what).join(", ")}.</p>`;
  return html`<ul class="findings" data-health="worse" aria-label="findings">
    ${worse.map(
      (f) => html`<li key=${f.what + f.text} class="finding ${LEVELS[f.level][0]}">
        <i aria-hidden="true">${LEVELS[f.level][1]}</i> <b>${f.level}</b> ${f.what}: ${f.text}
      </li>`,
    )}
  </ul>`;
}

function Tile({ title, now, unit, trend, tone, children }) {
  return html`<div class="tile ${tone || ""}">
    <h3>${title}</h3>
    <p class="big">${now}<small>${unit}</small></p>
    <p class="under">${children}</p>
    ${trend && html`<${Spark} values=${trend} tone=${tone || ""} />`}
  </div>`;
}

export const wouldReset = (rules) =>
  rules.reduce((sum, r) => sum + (r.monitor.reset || 0) + (r.monitor.drop || 0), 0);

export const resetsOf = (total) => Object.values(total.resets).reduce((a, b) => a + b, 0);

function Tiles({ status, top }) {
  const { total } = status;
  const i = top.interval;
  const last = state.trend.at(-1);
  const ended = i.seconds ? Object.values(i.handshakes).reduce((a, b) => a + b, 0) / i.seconds : 0;
  const w = top.window;
  return html`<div class="tiles">
    <${Tile} title="Hellos" now=${rate(last ? last.hellos : i.hellos_per_second)} unit="/s" trend=${state.trend.map((t) => t.hellos)}>
      <${Num} id="hellos" value=${total.hellos} /> in all, <${Num} id="flows_active" value=${total.flows_active} /> flows under way
    <//>
    <${Tile} title="Handshakes" now=${rate(ended)} unit="/s" tone="established" trend=${state.trend.map((t) => t.established)}>
      <${Num} id="established" value=${total.handshakes.established} /> established
    <//>
    <${Tile} title="Failed" now=${share(w.failed, w.failed + w.established)} unit=" of ${age(w.span)}" tone="failed"
      trend=${state.trend.map((t) => t.failed)}>
      <${Num} id="failed" value=${total.handshakes.failed} /> in all
    <//>
    <${Tile} title="Resets" now=${rate(last ? last.resets : 0)} unit="/s" tone="reset" trend=${state.trend.map((t) => t.resets)}>
      <${Num} id="resets" value=${resetsOf(total)} /> sent, <${Num} id="would_reset" value=${wouldReset(status.rules)} /> only counted, by rules in monitor
    <//>
    <${Tile} title="Coverage" now=${share(total.covered.read, total.covered.of)} unit=" of hellos">
      <${Num} id="covered" value=${total.covered.read} /> read of <${Num} id="to_cover" value=${total.covered.of} />
      <${Bar} part=${total.covered.read} whole=${total.covered.of} tone="established" />
    <//>
  </div>`;
}

export const OUTCOME_SERIES = [
  ["established", "established"],
  ["failed", "failed"],
  ["reset", "reset"],
  ["dropped", "dropped"],
  ["unknown", "unknown"],
];

function Outcomes() {
  const from = rangeStart();
  const h = state.history;
  if (from === null) return html`<${Empty}>The first sample comes ten seconds after hellogate run has started.<//>`;
  const scale = perSecond(from);
  const series = OUTCOME_SERIES.filter(
    ([outcome]) => outcome === "established" || outcome === "failed" || h.handshakes[outcome].some((n) => n),
  ).map(([outcome, tone]) => ({ label: outcome, color: tone, values: scale(h.handshakes[outcome]) }));
  if (h.would_reset.some((n) => n))
    series.push({ label: "would be reset", color: "reset", dash: true, values: scale(h.would_reset) });
  return html`<${Chart} times=${h.times.slice(from)} span=${rangeSeconds()} series=${series} label="handshakes a second, by outcome, over time" />`;
}

const interfaceColumns = [
  { id: "label", title: "Interface", text: true, of: (i) => i.label },
  { id: "hook", title: "Hook", text: true, of: (i) => `${i.hook} ${i.mode}`, hide: "narrow" },
  { id: "hellos", title: "Hellos", of: (i) => i.hellos, show: (i) => count(i.hellos) },
  { id: "packets", title: "Packets", of: (i) => Object.values(i.packets).reduce((a, b) => a + b, 0), show: (i) => count(Object.values(i.packets).reduce((a, b) => a + b, 0)), hide: "narrow" },
  { id: "resets", title: "Resets", of: resetsOf, show: (i) => count(resetsOf(i)) },
  { id: "covered", title: "Covered", of: (i) => i.covered.read, show: (i) => share(i.covered.read, i.covered.of), hide: "narrow" },
  { id: "state", title: "State", text: true, of: (i) => i.state },
];

const endedBy = (c) => c.failed + c.resets;

const causeColumns = [
  { id: "cause", title: "Cause", text: true, of: (c) => c.cause, show: (c) => words(c.cause) },
  { id: "count", title: "Handshakes", of: endedBy, show: (c) => count(endedBy(c)) },
  { id: "share", title: "Share", of: (c) => c.share || 0, show: (c) => html`${share(c.share || 0, 1)} <${Bar} part=${c.share || 0} whole=${1} />` },
];

export function policyText(p) {
  if (!p) return "no policy: nothing is enforced";
  return `revision ${p.revision}, ${p.mode}, ${p.rules} rule${p.rules === 1 ? "" : "s"}, ${count(p.names)} name${p.names === 1 ? "" : "s"}`;
}

export function Overview() {
  const { status, top } = state;
  return html`<${Health} findings=${status.health} />
    <${Tiles} status=${status} top=${top} />
    <div class="grid">
      <${Panel} title="Handshakes by outcome" note="a second" tools=${html`<${Range} />`} wide=${true}><${Outcomes} /><//>
      <${Panel} title="What fails most" note="of the last ${age(top.window.span)}">
        <${Table} label="causes" columns=${causeColumns} rows=${[...top.causes.rows].sort((a, b) => endedBy(b) - endedBy(a)).slice(0, 8)} id=${(c) => c.cause}
          empty="Nothing has failed, and nothing was reset." />
      <//>
      <${Panel} title="Interfaces" note="policy: ${policyText(status.policy)}">
        <${Table} label="interfaces" columns=${interfaceColumns} rows=${status.interfaces} id=${(i) => i.label}
          empty="Nothing is attached: hellogate attach IFACE" />
      <//>
    </div>`;
}
