// SPDX-License-Identifier: BSD-2-Clause
// main.js - the frame around the views: where to go, whether all is live, which keys there are.

import { html, render } from "htm/preact";
import { DataPath } from "./datapath.js";
import { Failures } from "./failures.js";
import { age } from "./format.js";
import { Live } from "./live.js";
import { Names } from "./names.js";
import { Overview, policyText } from "./overview.js";
import { Policy } from "./policy.js";
import { onChange, pause, redraw, start, state } from "./store.js";
import { startTheme, switchTheme, theme } from "./theme.js";

const VIEWS = [
  ["overview", "Overview", Overview],
  ["failures", "Failures", Failures, true],
  ["names", "Names", Names, true],
  ["policy", "Policy", Policy, true],
  ["datapath", "Data path", DataPath],
  ["live", "Live", Live, true],
];
let filter = "";

function viewNow() {
  const hash = location.hash.slice(1);
  return VIEWS.find(([id]) => id === hash) || VIEWS[0];
}

function go(id) {
  location.hash = id;
}

// ---- the bar ----

const CONNECTIONS = {
  connecting: ["wait", "…", "connecting"],
  live: ["good", "●", "live"],
  asking: ["warn", "◌", "no stream: asked every 2 s"],
  lost: ["bad", "✗", "lost: tried again"],
};

function Connection() {
  const [tone, sign, text] = CONNECTIONS[state.connection];
  const since = state.connection === "lost" && state.heard ? `, last heard ${age((Date.now() - state.heard) / 1000)} ago` : "";
  return html`<span class="chip ${state.paused ? "warn" : tone}" role="status" data-connection=${state.connection}>
    <i aria-hidden="true">${state.paused ? "‖" : sign}</i> ${state.paused ? "paused" : text + since}
  </span>`;
}

function Bar() {
  const { status } = state;
  const attached = status ? status.interfaces.filter((i) => i.state === "attached").map((i) => `${i.label} ${i.hook}`) : [];
  return html`<header class="bar">
    <h1>hellogate</h1>
    <p class="what">${status && html`${attached.join(", ") || "nothing attached"}<span class="narrow"> · ${policyText(status.policy)}</span>`}</p>
    <${Connection} />
    <button type="button" class="plain" onClick=${switchTheme} title="light or dark (t)" aria-label="switch to ${theme() === "dark" ? "light" : "dark"}">
      ${theme() === "dark" ? "☀" : "☾"}
    </button>
    <button type="button" class="plain" onClick=${help} title="keys (?)" aria-label="keys">?</button>
  </header>`;
}

// As the pattern of tabs has it: one of them is in the order of Tab, arrows go to the others.
function onTabKey(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const at = VIEWS.indexOf(viewNow());
  const to = VIEWS[(at + step + VIEWS.length) % VIEWS.length][0];
  go(to);
  document.getElementById(`tab-${to}`).focus();
  event.preventDefault();
}

function Tabs({ now }) {
  return html`<nav class="tabs" aria-label="views">
    <div role="tablist" onKeyDown=${onTabKey}>
      ${VIEWS.map(
        ([id, title], n) => html`<a key=${id} href="#${id}" role="tab" id="tab-${id}" aria-controls="view" aria-selected=${id === now[0]}
          tabindex=${id === now[0] ? 0 : -1}>${title}<kbd class="narrow">${n + 1}</kbd></a>`,
      )}
    </div>
    <label class="filter ${now[3] ? "" : "off"}">
      <span class="hidden">filter</span>
      <input type="search" id="filter" placeholder="filter  /" value=${filter} disabled=${!now[3]} autocomplete="off" spellcheck="false"
        onInput=${(e) => {
          filter = e.target.value;
          redraw();
        }} />
    </label>
  </nav>`;
}

// ---- keys ----

const KEYS = [
  ["1 – 6", "the views"],
  ["← →", "from view to view, on the tabs"],
  ["/", "filter: each word is somewhere in the row; Esc clears it"],
  ["p", "pause: numbers and rows stand still"],
  ["t", "light or dark"],
  ["Tab, Enter", "to a heading: sort by it; to a row: its last handshakes"],
  ["?", "these lines"],
];

const help = () => document.getElementById("help").showModal();

function Help() {
  return html`<dialog id="help" aria-labelledby="help-title">
    <h2 id="help-title">Keys</h2>
    <dl class="keys">${KEYS.map(([key, what]) => html`<div key=${key}><dt><kbd>${key}</kbd></dt><dd>${what}</dd></div>`)}</dl>
    <p class="note">In the terminal: <code>hellogate top</code>, <code>status</code>, <code>diagnose</code>. For programs: <code>/metrics</code>, <code>/api/v1/…</code></p>
    <form method="dialog"><button type="submit" onClick=${(e) => {
      e.preventDefault();
      document.getElementById("help").close();
    }}>Close</button></form>
  </dialog>`;
}

function clearFilter() {
  filter = "";
  redraw();
}

function onKey(event) {
  const field = event.target.closest("input, dialog");
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && event.target.id === "filter") {
    clearFilter();
    event.target.value = "";
    event.target.blur();
    return;
  }
  if (field) return;
  const view = VIEWS[Number(event.key) - 1];
  if (view) go(view[0]);
  else if (event.key === "/") {
    if (!viewNow()[3]) go("names");
    draw(); // where it was off it must be there at once: what is typed next is for it
    document.getElementById("filter").focus();
  } else if (event.key === "p") pause();
  else if (event.key === "t") switchTheme();
  else if (event.key === "?") help();
  else return;
  event.preventDefault();
}

// ---- all of it ----

function Start() {
  if (state.connection !== "lost") return html`<p class="empty">Connecting to hellogate run…</p>`;
  return html`<p class="empty">hellogate run does not answer: is it still there? <code>systemctl status hellogate</code></p>`;
}

function App() {
  const now = viewNow();
  const View = now[2];
  const nothing = state.status && !state.status.attached;
  return html`<${Bar} />
    <${Tabs} now=${now} />
    <main id="view" role="tabpanel" aria-labelledby="tab-${now[0]}" data-view=${now[0]} data-drawn=${state.status ? "yes" : "no"} tabindex="-1">
      ${state.connection === "lost" && state.status && html`<p class="finding bad" role="alert"><i aria-hidden="true">✗</i> The connection is lost: what is shown is ${age((Date.now() - state.heard) / 1000)} old.</p>`}
      ${nothing && html`<p class="finding warn" role="alert"><i aria-hidden="true">!</i> Nothing is attached: <code>hellogate attach IFACE</code></p>`}
      ${state.status ? html`<${View} key=${now[0]} filter=${now[3] ? filter : ""} />` : html`<${Start} />`}
    </main>
    <${Help} />`;
}

const draw = () => render(html`<${App} />`, document.getElementById("app"));

onChange(draw);
addEventListener("hashchange", () => {
  filter = "";
  draw();
});
addEventListener("keydown", onKey);
startTheme();
start();
draw();
