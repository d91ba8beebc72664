// SPDX-License-Identifier: BSD-2-Clause
// names.js - the server names that clients asked for within the window.

import { html } from "htm/preact";
import { useEffect, useState } from "preact/hooks";
import { age, count, matches, rate, share, words } from "./format.js";
import { Bar, Panel, Recent, Table } from "./parts.js";
import { ask, state } from "./store.js";

const ASKED = 1000;
const EVERY_MS = 3000;

const columns = [
  { id: "name", title: "Server name", text: true, of: (r) => r.name, show: (r) => html`<span class="name">${r.name}</span>` },
  { id: "rate", title: "Rate/s", of: (r) => r.rate, show: (r) => rate(r.rate), hide: "narrow" },
  { id: "handshakes", title: "Handshakes", of: (r) => r.handshakes, show: (r) => count(r.handshakes) },
  { id: "failed", title: "Failed", of: (r) => r.failed, show: (r) => count(r.failed) },
  {
    id: "share",
    title: "Share",
    of: (r) => (r.share === undefined ? -1 : r.share),
    show: (r) => (r.share === undefined ? "–" : html`${share(r.share, 1)} <${Bar} part=${r.share} whole=${1} tone="failed" />`),
    hide: "narrow",
  },
  { id: "resets", title: "Resets", of: (r) => r.resets, show: (r) => count(r.resets) },
  { id: "cause", title: "Top cause", text: true, of: (r) => Object.keys(r.causes)[0] || "", show: (r) => words(Object.keys(r.causes)[0]) || "–", hide: "narrow" },
];

export function Names({ filter }) {
  const [told, setTold] = useState(null);

  useEffect(() => {
    const read = async () => {
      if (state.paused) return;
      try {
        setTold(await ask(`/api/v1/top?rows=${ASKED}`));
      } catch {
        // the bar above says that the daemon does not answer
      }
    };
    read();
    const timer = setInterval(read, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const top = told || state.top;
  const rows = top.names.rows.filter((r) => matches(filter, r.name, ...Object.keys(r.causes)));
  const forgotten = top.names.forgotten ? `; ${count(top.names.forgotten)} rare ones made room` : "";
  return html`<div class="grid">
    <${Panel} title="Server names" wide=${true} note="${count(top.names.count)} of the last ${age(top.window.span)}${forgotten}">
      <${Table} label="server names" columns=${columns} rows=${rows} id=${(r) => r.name} sorted=${{ by: "handshakes" }} most=${200}
        detail=${(r) => html`<${Recent} list="names" of=${r.name} />`}
        empty=${filter ? `None of ${count(top.names.count)} names has that in it.` : "No handshake has ended lately."} />
    <//>
  </div>`;
}
