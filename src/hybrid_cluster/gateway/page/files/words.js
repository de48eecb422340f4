// SPDX-License-Identifier: GPL-3.0-or-later
// Copyright: (c) 2026, the hybrid_ai.cluster contributors
// Figures as people read them, in the words of the command `cluster`; null is what nobody knows.

export const UNKNOWN = "unknown";

export function span(seconds) {
  if (seconds === null || seconds === undefined) return UNKNOWN;
  const value = Math.max(0, seconds);
  for (const [unit, size] of [["d", 86400], ["h", 3600], ["min", 60]]) {
    if (value >= size) return `${Math.round(value / size)} ${unit}`;
  }
  return `${Math.round(value)} s`;
}

export const ago = (moment, now) => (moment === null ? UNKNOWN : span(now - moment));

export function gigabytes(size) {
  if (size === null || size === undefined) return UNKNOWN;
  const value = size / 2 ** 30;
  return value >= 100 ? `${value.toFixed(0)} GB` : `${value.toFixed(1)} GB`.replace(".0 GB", " GB");
}

// What is free of something, or how much of it there is where only that is known.
export const share = (free, total) =>
  free === null ? gigabytes(total) : `${gigabytes(free)} free of ${gigabytes(total)}`;

export function rate(bytes) {
  if (bytes === null) return UNKNOWN;
  for (const [unit, size] of [["GB/s", 1e9], ["MB/s", 1e6], ["kB/s", 1e3]]) {
    if (bytes >= size) return `${(bytes / size).toFixed(1)} ${unit}`;
  }
  return `${bytes.toFixed(0)} B/s`;
}

export const bits = (speed) => `${speed / 1e9} Gbit/s`;

export const percent = (share) => (share === null ? UNKNOWN : `${Math.round(share * 100)} %`);

export const short = (value) => (value === null ? UNKNOWN : value >= 100 ? value.toFixed(0) : value.toFixed(2));

export const tokens = (speed) => (speed === null || speed === undefined ? UNKNOWN : `${speed.toFixed(1)} tokens/s`);

export const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

export const moment = (seconds) =>
  new Date(seconds * 1000).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
