// SPDX-License-Identifier: GPL-3.0-or-later
// Copyright: (c) 2026, the hybrid_ai.cluster contributors
// What hosts have drawn, and how long they have slept.

import { byId, lines, say } from "./dom.js";
import { count, short, UNKNOWN } from "./words.js";

function total(energy) {
  if (energy.error) return energy.error;
  if (energy.prometheus_silence) return `Nothing is measured: ${energy.prometheus_silence}.`;
  const missing = energy.unknown_hosts.length ? `, without ${energy.unknown_hosts.join(", ")}` : "";
  const days = count(energy.days, "day");
  return energy.kwh === null ? `${UNKNOWN} kWh in ${days}: nobody measures it.` : `${short(energy.kwh)} kWh in ${days}${missing}`;
}

export function showEnergy(energy) {
  say(byId("energy-total"), total(energy));
  const measured = (energy.hosts ?? []).filter((host) => host.kwh !== null);
  const drawn = measured.map((host) => `${host.name}: ${short(host.kwh)} kWh, ${short(host.watts)} W (${host.of.join(", ")})`);
  const slept = (energy.asleep ?? []).map(({ group, hours }) => `${group} slept ${short(hours)} hours`);
  lines(byId("energy-list"), [...drawn, ...slept], (text) => text);
  lines(byId("energy-assumptions"), energy.assumptions ?? [], (text) => text);
}
