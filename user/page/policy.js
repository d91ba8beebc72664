// SPDX-License-Identifier: BSD-2-Clause
// policy.js - what is in force, what each rule did, and what it would have done.

import { html } from "htm/preact";
import { useEffect, useState } from "preact/hooks";
import { age, count, matches, words } from "./format.js";
import { Bar, Empty, Num, Panel, Recent, Table } from "./parts.js";
import { ask, state } from "./store.js";

const acted = (group) => (group.reset || 0) + (group.drop || 0);
const met = (r) => [r.enforce, r.monitor].reduce((sum, g) => sum + Object.values(g).reduce((a, b) => a + b, 0), 0);

function limitText(r) {
  if (!r.resets_per_second) return "–";
  const over = r.exceeded ? `, ${count(r.exceeded)} beyond it` : "";
  return `${count(r.resets_per_second)}/s${over}${r.breaker_open ? ": open now" : ""}`;
}

function columnsOf(rules) {
  const most = Math.max(1, ...rules.map((r) => Math.max(acted(r.enforce), acted(r.monitor))));
  return [
    { id: "rule", title: "Rule", text: true, of: (r) => r.rule, show: (r) => html`<span class="name">${r.rule}</span>` },
    { id: "action", title: "Action", text: true, of: (r) => r.action || "", show: (r) => r.action || "not in force" },
    { id: "mode", title: "Mode", text: true, of: (r) => r.mode || "", show: (r) => r.mode || "–", hide: "narrow" },
    {
      id: "did",
      title: "Reset",
      of: (r) => acted(r.enforce),
      show: (r) => html`<${Num} id="rule ${r.rule} enforce" value=${acted(r.enforce)} /> <${Bar} part=${acted(r.enforce)} whole=${most} tone="reset" />`,
    },
    {
      id: "would",
      title: "Would reset",
      of: (r) => acted(r.monitor),
      show: (r) => html`<${Num} id="rule ${r.rule} monitor" value=${acted(r.monitor)} /> <${Bar} part=${acted(r.monitor)} whole=${most} tone="would" />`,
    },
    { id: "met", title: "Matched", of: met, show: (r) => count(met(r)), hide: "narrow" },
    { id: "limit", title: "Limit", text: true, of: limitText, hide: "narrow" },
  ];
}

const setColumns = [
  { id: "set", title: "Set", text: true, of: (s) => s.set, show: (s) => html`<span class="name">@${s.set}</span>` },
  { id: "kind", title: "Kind", text: true, of: (s) => s.kind },
  { id: "entries", title: "Entries", of: (s) => s.entries, show: (s) => count(s.entries) },
  { id: "hits", title: "Hellos in it", of: (s) => s.hits, show: (s) => html`<${Num} id="set ${s.set}" value=${s.hits} />` },
];

const minute = (when) => (when ? when.slice(0, 16).replace("T", "\u00a0") : "–");
const confirmed = (r) => (r.until ? `not yet; until ${minute(r.until)}` : minute(r.confirmed));

const revisionColumns = [
  { id: "revision", title: "Revision", of: (r) => r.revision },
  { id: "state", title: "State", text: true, of: (r) => r.state, show: (r) => words(r.state) },
  { id: "when", title: "Loaded", text: true, of: (r) => r.when || "", show: (r) => minute(r.when) },
  { id: "confirmed", title: "Confirmed", text: true, of: confirmed, hide: "narrow" },
  { id: "uid", title: "By uid", of: (r) => r.uid, hide: "narrow" },
  { id: "mode", title: "Mode", text: true, of: (r) => r.mode, hide: "narrow" },
  { id: "rules", title: "Rules", of: (r) => r.rules, show: (r) => count(r.rules), hide: "narrow" },
  { id: "names", title: "Names", of: (r) => r.names, show: (r) => count(r.names) },
  { id: "path", title: "File", text: true, of: (r) => r.path, show: (r) => (r.restores ? `revision ${r.restores} again` : r.path), hide: "narrow" },
];

// They change when another one is in force, or the one that is was confirmed; and are asked
// for again when the daemon is back.
function Revisions({ policy: p, filter }) {
  const [told, setTold] = useState(null);
  const inForce = p ? `${p.revision} ${Boolean(p.confirm_seconds_left)}` : "";

  useEffect(() => {
    let gone = false;
    ask("/api/v1/revisions").then(
      (answer) => gone || setTold(answer.revisions),
      () => {}, // the stream tells that the daemon is gone
    );
    return () => {
      gone = true;
    };
  }, [inForce, state.connection]);
  if (!told) return html`<p class="note">Reading…</p>`;
  const rows = told.filter((r) => matches(filter, String(r.revision), r.state, r.path));
  return html`<${Table} label="revisions" columns=${revisionColumns} rows=${rows} id=${(r) => `revision ${r.revision}`} sorted=${{ by: "revision" }}
    empty=${filter ? "No revision has that in it." : "No policy was ever loaded here."} />`;
}

function Force({ policy: p, quic }) {
  if (!p) return html`<${Empty}>There is no policy, and nothing is enforced: <code>hellogate policy load FILE</code><//>`;
  const facts = [
    ["Revision", p.revision],
    ["Mode", p.enforces ? p.mode : `${p.mode}: nothing is reset or dropped`],
    ["Default", p.default],
    ["Unread hellos", p.unread],
    ["QUIC", p.quic],
    ["Names", count(p.names)],
    ["File", p.path],
    ["Loaded", p.loaded ? `${age(Date.now() / 1000 - p.loaded)} ago` : undefined],
    ["Confirmed", p.confirm_seconds_left ? `not yet: ${p.fallback ? `revision ${p.fallback} comes back` : "it goes"} in ${p.confirm_seconds_left} s` : "yes"],
    ["Quic Initials", Object.values(quic).some((n) => n) ? Object.entries(quic).map(([k, n]) => `${count(n)} ${k}`).join(", ") : undefined],
  ];
  return html`<dl class="facts">
    ${facts.filter(([, v]) => v !== undefined && v !== "").map(([k, v]) => html`<div key=${k}><dt>${k}</dt><dd>${v}</dd></div>`)}
  </dl>`;
}

export function Policy({ filter }) {
  const { status } = state;
  const rules = status.rules.filter((r) => (r.active || met(r)) && matches(filter, r.rule, r.action, r.mode));
  return html`<div class="grid">
    <${Panel} title="In force" wide=${true}><${Force} policy=${status.policy} quic=${status.total.quic_initials} /><//>
    <${Panel} title="Rules" wide=${true} note="reset: what enforcing rules did; would reset: what monitoring ones counted; over all revisions">
      <${Table} label="rules" columns=${columnsOf(rules)} rows=${rules} id=${(r) => r.rule} sorted=${{ by: "did" }}
        detail=${(r) => html`<${Recent} list="rules" of=${r.rule} />`}
        empty=${filter ? "No rule has that in it." : "There is no rule: hellogate policy load FILE"} />
    <//>
    <${Panel} title="Sets" wide=${true}>
      <${Table} label="sets" columns=${setColumns} rows=${status.sets} id=${(s) => s.set} sorted=${{ by: "hits" }} empty="The policy has no sets." />
    <//>
    <${Panel} title="Revisions" wide=${true} note="the last 64 that were loaded; back to one of them: hellogate policy rollback REVISION">
      <${Revisions} policy=${status.policy} filter=${filter} />
    <//>
  </div>`;
}
