// SPDX-License-Identifier: GPL-3.0-or-later
// Copyright: (c) 2026, the hybrid_ai.cluster contributors
// What all hosts are together, and what is wrong.

import { byId, lines, terms } from "./dom.js";
import { bits, count, share, tokens, UNKNOWN } from "./words.js";

const without = (hosts) => (hosts ? `, ${count(hosts, "host")} unknown` : "");

function memory(sums) {
  if (!sums.hosts) return "";
  if (sums.total_bytes === null) return UNKNOWN;
  const unknown = sums.free_bytes === null ? sums.unknown_hosts : sums.free_unknown_hosts;
  return `${share(sums.free_bytes, sums.total_bytes)}${without(unknown)}`;
}

function links(pool) {
  const [slow, fast] = [pool.slowest_link_bits_per_second, pool.fastest_link_bits_per_second];
  if (slow === null) return "";
  return slow === fast ? bits(slow) : `${bits(slow)} to ${bits(fast)}`;
}

function inFlight(pool) {
  if (pool.requests.total !== null) return count(pool.requests.total, "request");
  const through = pool.requests_through_gateway;
  return through === null ? UNKNOWN : `${count(through, "request")} through the gateway`;
}

export function showPool(status) {
  const pool = status.pool;
  const well = pool.hosts_up + pool.hosts_asleep === pool.hosts;
  const asleep = pool.hosts_asleep ? `, ${pool.hosts_asleep} asleep` : "";
  const cores = pool.cores.total === null ? UNKNOWN : `${pool.cores.total}${without(pool.cores.unknown_hosts)}`;
  terms(byId("pool"), [
    ["Hosts", `${pool.hosts_up} of ${pool.hosts} up${asleep}`, well ? "good" : "bad"],
    ["Requests in flight", inFlight(pool)],
    ["Answered, last minute", tokens(pool.tokens_per_second)],
    ["Cores", cores],
    ["Memory", memory(pool.memory)],
    ["Macs' GPUs", memory(pool.mac_gpu_memory)],
    ["VRAM", memory(pool.vram)],
    ["Thunderbolt", links(pool)],
  ]);
  const silent = status.prometheus_silence ? [`Nothing is measured: ${status.prometheus_silence}.`] : [];
  lines(byId("notes"), silent, (text) => text, () => "unsure");
  lines(
    byId("alerts"),
    status.alerts ?? [],
    (alert) => `${alert.severity}: ${alert.name}${alert.host ? ` on ${alert.host}` : ""}`,
    (alert) => (alert.severity === "critical" ? "bad" : "unsure"),
  );
}
