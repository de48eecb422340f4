// SPDX-License-Identifier: GPL-3.0-or-later
// Copyright: (c) 2026, the hybrid_ai.cluster contributors
// The Thunderbolt cables of the inventory, and what is measured of each.

import { byId, element, keep, lines, say } from "./dom.js";
import { bits, rate } from "./words.js";

const HOW = { bridge: "one bridge", subnets: "a network for each cable", none: "no addresses" };
const KINDS = { linked: "good", "no link": "bad", unknown: "unsure" };

function title(network) {
  const outside = network.external.length ? ` and, outside of the inventory, ${network.external.join(", ")}` : "";
  const loop = network.loop.length ? `; cables ${network.loop.join(", ")} form a loop` : "";
  return `${network.hosts.join(", ")}${outside}: ${HOW[network.mode] ?? network.mode}${loop}`;
}

const place = (end) => (end.port === null ? end.host : `${end.host} port ${end.port}`);

function cable(one) {
  const [first, second] = one.ends;
  const speed = one.bits_per_second ? `, ${bits(one.bits_per_second)}` : "";
  const { there, back } = one.bytes_per_second;
  const traffic = there === null && back === null ? "" : `, ${rate(there)} there, ${rate(back)} back`;
  return `${place(first)} to ${place(second)}: ${one.state}${speed}${traffic}`;
}

export function showCables(topology) {
  if (topology.error) {
    say(byId("cables-note"), topology.error, "hint bad");
    return;
  }
  keep(
    byId("network-list"),
    topology.networks,
    (network) => network.hosts.join(" "),
    () => element("li", {}, element("h3"), element("ul", { className: "lines" })),
    (card, network) => {
      say(card.children[0], title(network));
      lines(card.children[1], network.cables, cable, (one) => (one.external ? "faint" : KINDS[one.state]));
    },
  );
  const without = topology.not_cabled.length ? `Without a cable: ${topology.not_cabled.join(", ")}.` : "";
  say(byId("cables-note"), topology.networks.length ? without : `The inventory has no cable. ${without}`.trim(), "hint");
}
