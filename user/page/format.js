// SPDX-License-Identifier: BSD-2-Clause
// format.js - numbers, shares and times as people read them.

const grouped = new Intl.NumberFormat("en-US");

export const count = (n) => (n === undefined || n === null ? "–" : grouped.format(n));

export function rate(n) {
  if (n === undefined || n === null) return "–";
  return n >= 100 ? grouped.format(Math.round(n)) : n.toFixed(1);
}

// Rounded down, as everywhere: 100% is said only of all.
export function share(part, whole) {
  if (!whole) return "–";
  const tenths = Math.floor((part / whole) * 1000 + 1e-9);
  return `${Math.floor(tenths / 10)}.${tenths % 10}%`;
}

export function bytes(n) {
  const units = ["B", "KB", "MB", "GB"];
  let at = 0;
  while (n >= 1024 && at < units.length - 1) {
    n /= 1024;
    at++;
  }
  return `${n >= 10 || at === 0 ? Math.round(n) : n.toFixed(1)} ${units[at]}`;
}

const two = (n) => String(n).padStart(2, "0");

export function clock(ms) {
  const t = new Date(ms);
  return `${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())}`;
}

export function age(seconds) {
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 129600 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} d`;
}

export const words = (term) => (term || "").replaceAll("_", " ");

// What a person types into the filter: each word is somewhere in the row.
export function matches(filter, ...texts) {
  const all = texts.join(" ").toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}
