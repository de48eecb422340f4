// SPDX-License-Identifier: GPL-3.0-or-later
// Copyright: (c) 2026, the hybrid_ai.cluster contributors
// The last wakes of hosts that sleep, the newest first.

import { byId, lines, say } from "./dom.js";
import { moment, span } from "./words.js";

const MOST = 20;

export function showWakes(status) {
  const groups = new Map();
  for (const { name, gateway } of status.hosts) {
    if (!gateway?.group) continue;
    const known = groups.get(gateway.group) ?? { hosts: [], wakes: gateway.wakes ?? [] };
    known.hosts.push(name);
    groups.set(gateway.group, known);
  }
  const wakes = [...groups.values()].flatMap(({ hosts, wakes: each }) => each.map((wake) => ({ ...wake, hosts })));
  wakes.sort((one, other) => other.time - one.time);
  const text = ({ time, seconds, hosts }) =>
    `${moment(time)}: ${hosts.join(", ")} ${seconds === null ? "did not wake" : `woke in ${span(seconds)}`}`;
  lines(byId("wake-list"), wakes.slice(0, MOST), text, ({ seconds }) => (seconds === null ? "bad" : ""));
  say(byId("wakes-note"), wakes.length ? "" : groups.size ? "No wake yet." : "No host of the gateway's sleeps.", "hint");
}
