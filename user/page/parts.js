// SPDX-License-Identifier: BSD-2-Clause
// parts.js - what several views are made of: panels, tables, signs, bars.

import { html } from "htm/preact";
import { useEffect, useState } from "preact/hooks";
import { clock, count, words } from "./format.js";
import { ask, state } from "./store.js";

// Colour is never the only sign.
const SIGNS = { established: "✓", failed: "✗", reset: "⊘", dropped: "▽", unknown: "?" };

export const Outcome = ({ is }) => html`<span class="sign ${is}"><i aria-hidden="true">${SIGNS[is] || "?"}</i><span class="word"> ${is}</span></span>`;

export const Time = ({ ms }) => html`${clock(ms)}<span class="ms">.${String(ms % 1000).padStart(3, "0")}</span>`;

export const Num = ({ id, value }) => html`<span class="num" data-n=${id}>${count(value)}</span>`;

export function Panel({ title, note, tools, children, wide }) {
  return html`<section class="panel ${wide ? "wide" : ""}" aria-label=${title}>
    <header><h2>${title}</h2>${note && html`<p>${note}</p>`}${tools && html`<div class="tools">${tools}</div>`}</header>
    ${children}
  </section>`;
}

export const Empty = ({ children }) => html`<p class="empty">${children}</p>`;

export function Choice({ label, options, value, onChoose }) {
  return html`<div class="choice" role="group" aria-label=${label}>
    ${options.map(
      ([key, text]) =>
        html`<button type="button" aria-pressed=${key === value} onClick=${() => onChoose(key)}>${text}</button>`,
    )}
  </div>`;
}

export function Bar({ part, whole, tone }) {
  const width = whole ? Math.min(100, (part / whole) * 100) : 0;
  return html`<span class="bar ${tone || ""}" aria-hidden="true"><i style=${{ width: `${width}%` }}></i></span>`;
}

const compare = (a, b) => (typeof a === "string" || typeof b === "string" ? String(a).localeCompare(String(b)) : b - a);

function Head({ column, sort, onSort }) {
  const is = sort && sort.by === column.id;
  const order = !is ? undefined : Boolean(sort.up) !== Boolean(column.text) ? "ascending" : "descending";
  const kind = `${column.text ? "text" : "number"} ${column.hide || ""}`;
  if (!onSort || !column.of) return html`<th scope="col" class=${kind}>${column.title}</th>`;
  return html`<th scope="col" class=${kind} aria-sort=${order}>
    <button type="button" onClick=${() => onSort({ by: column.id, up: is ? !sort.up : false })}>
      ${column.title}<i aria-hidden="true">${is ? (order === "ascending" ? " ▴" : " ▾") : ""}</i>
    </button>
  </th>`;
}

// columns: { id, title, text (left), of(row): what it is sorted by, show(row), hide: "narrow" }.
// With `detail`, the first cell opens what detail(row) draws.
export function Table({ label, columns, rows, id, sorted, detail, empty, most }) {
  const [sort, setSort] = useState(sorted || null);
  const [open, setOpen] = useState(null);
  const by = sort && columns.find((c) => c.id === sort.by);
  const list = by ? [...rows].sort((a, b) => (sort.up ? -1 : 1) * compare(by.of(a), by.of(b))) : rows;
  const shown = most ? list.slice(0, most) : list;

  if (!rows.length) return html`<${Empty}>${empty || "Nothing yet."}<//>`;
  return html`<div class="scroll">
    <table aria-label=${label}>
      <thead>
        <tr>${columns.map((c) => html`<${Head} key=${c.id} column=${c} sort=${sort} onSort=${sorted && setSort} />`)}</tr>
      </thead>
      <tbody>
        ${shown.map((row) => {
          const key = id(row);
          const is = open === key;
          return html`<tr key=${key} class=${is ? "open" : ""} data-row=${key}>
              ${columns.map((c, n) => {
                const cell = c.show ? c.show(row) : c.of(row);
                const kind = `${c.text ? "text" : "number"} ${c.hide || ""}`;
                if (n || !detail) return html`<td key=${c.id} class=${kind}>${cell}</td>`;
                return html`<td key=${c.id} class=${kind}>
                  <button type="button" class="row" aria-expanded=${is} onClick=${() => setOpen(is ? null : key)}>${cell}</button>
                </td>`;
              })}
            </tr>
            ${is && html`<tr key=${`${key} detail`} class="detail"><td colspan=${columns.length}>${detail(row)}</td></tr>`}`;
        })}
      </tbody>
    </table>
  </div>
  ${shown.length < list.length && html`<p class="note">${count(shown.length)} of ${count(list.length)} are shown: filter to see others.</p>`}`;
}

// The last handshakes of a row of one of top's lists.
export function Recent({ list, of }) {
  const [told, setTold] = useState(null);
  const [failed, setFailed] = useState(false);

  useEffect(() => {
    let gone = false;
    const read = async () => {
      if (state.paused) return;
      try {
        const answer = await ask(`/api/v1/recent?list=${list}&count=20&key=${encodeURIComponent(of)}`);
        if (!gone) setTold(answer);
        setFailed(false);
      } catch {
        setFailed(true);
      }
    };
    read();
    const timer = setInterval(read, 3000);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [list, of]);
  if (!told) return html`<p class="note">${failed ? "The daemon does not answer." : "Reading…"}</p>`;
  return html`${told.advice && html`<p class="advice"><b>What to do:</b> ${told.advice}</p>`}
    ${told.handshakes.length
      ? html`<table class="recent" aria-label="last handshakes of ${of}">
          <thead>
            <tr>
              <th class="text" scope="col">Ended</th><th class="text" scope="col">Outcome</th><th class="text" scope="col">Cause</th>
              <th class="text narrow" scope="col">Side</th><th class="text narrow" scope="col">Sure</th>
              <th class="text" scope="col">${list === "names" ? "Client" : "Name"}</th>
              <th class="text narrow" scope="col">Server</th><th class="text narrow" scope="col">Flow</th>
            </tr>
          </thead>
          <tbody>
            ${told.handshakes.map(
              (h) => html`<tr key=${h.flow_id}>
                <td class="text"><${Time} ms=${h.time_ms} /></td><td class="text"><${Outcome} is=${h.outcome} /></td>
                <td class="text">${words(h.cause) || "–"}</td><td class="text narrow">${h.side || "–"}</td>
                <td class="text narrow">${h.confidence || "–"}</td>
                <td class="text name">${list === "names" ? h.client : h.name || "–"}</td>
                <td class="text narrow">${h.server}</td><td class="text narrow"><code>${h.flow_id}</code></td>
              </tr>`,
            )}
          </tbody>
        </table>
        <p class="note">One of them line by line: <code>hellogate diagnose --flow ${told.handshakes[0].flow_id}</code></p>`
      : html`<p class="note">None of the last ${count(2048)} handshakes is of this row.</p>`}`;
}
