// SPDX-License-Identifier: BSD-2-Clause
// theme.js - light or dark: as the system has it, until somebody says otherwise.

import { redraw } from "./store.js";

const KEY = "hellogate-theme";
const system = matchMedia("(prefers-color-scheme: dark)");
let chosen = null;

try {
  chosen = localStorage.getItem(KEY);
} catch {
  // a browser that keeps nothing follows the system
}

export const theme = () => (chosen === "dark" || chosen === "light" ? chosen : system.matches ? "dark" : "light");

function apply() {
  document.documentElement.dataset.theme = theme();
  redraw();
}

export function switchTheme() {
  chosen = theme() === "dark" ? "light" : "dark";
  try {
    localStorage.setItem(KEY, chosen);
  } catch {
    // it holds until the page is left
  }
  apply();
}

export function startTheme() {
  system.addEventListener("change", apply);
  apply();
}

// Charts are drawn on a canvas, which knows no style sheets.
export const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
