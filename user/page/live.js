// SPDX-License-Identifier: BSD-2-Clause
// live.js - handshakes as they end.

import { html } from "htm/preact";
import { count, matches, words } from "./format.js";
import { Choice, Empty, Outcome, Panel, Time } from "./parts.js";
import { pause, redraw, state } from "./store.js";

const SHOWN = 200;
let only = "all";

const isWanted = (h, filter) =>
  (only === "all" || (only === "troubled" ? h.outcome !== "established" : h.outcome === "established")) &&
  matches(filter, h.name, h.client, h.server, h.outcome, h.cause, words(h.cause), h.side, h.rule, h.ja4);

function Rows({ rows }) {
  return html`<div class="scroll">
    <table aria-label="handshakes" class="live">
      <thead>
        <tr>
          <th class="text" scope="col">Ended</th><th class="text" scope="col">Outcome</th><th class="text" scope="col">Server name</th>
          <th class="text narrow" scope="col">Client</th><th class="text narrow" scope="col">Server</th><th class="text narrow" scope="col">Offer</th>
          <th class="text" scope="col">Cause</th><th class="text narrow" scope="col">Side</th><th class="text narrow" scope="col">Rule</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (h) => html`<tr key=${h.flow_id} class=${h.outcome} data-flow=${h.flow_id}>
            <td class="text"><${Time} ms=${h.time_ms} /></td><td class="text"><${Outcome} is=${h.outcome} /></td>
            <td class="text name">${h.attempt ? "–" : h.name || "–"}</td><td class="text narrow">${h.client}</td>
            <td class="text narrow">${h.server}</td><td class="text narrow">${h.version_max || "–"}</td>
            <td class="text">${words(h.cause) || "–"}</td><td class="text narrow">${h.side || "–"}</td><td class="text narrow">${h.rule || "–"}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

export function Live({ filter }) {
  const rows = state.rows.filter((h) => isWanted(h, filter)).slice(0, SHOWN);
  const left = [
    state.rowsLeftOut && `${count(state.rowsLeftOut)} left out beyond 50 a second`,
    state.missed && `${count(state.missed)} messages came too slowly`,
    state.paused && `paused, ${count(state.waiting)} wait`,
  ].filter(Boolean);
  const choose = (key) => {
    only = key;
    redraw();
  };
  const tools = html`<${Choice} label="outcomes" value=${only} onChoose=${choose}
      options=${[["all", "All"], ["troubled", "Failed and reset"], ["established", "Established"]]} />
    <button type="button" onClick=${pause} aria-pressed=${state.paused}>${state.paused ? "Go on" : "Pause"} <kbd>p</kbd></button>`;
  return html`<div class="grid">
    <${Panel} title="Handshakes as they end" wide=${true} note=${left.join("; ") || "the newest first"} tools=${tools}>
      ${rows.length ? html`<${Rows} rows=${rows} />` : html`<${Empty}>${state.rows.length ? "None has that in it." : "They come here as they end: is there traffic?"}<//>`}
    <//>
  </div>`;
}
