// SPDX-License-Identifier: GPL-3.0-or-later
// Copyright: (c) 2026, the hybrid_ai.cluster contributors
// Each host: what it does, why, and what people can have it do.

import { act } from "./actions.js";
import { byId, element, keep, say, terms } from "./dom.js";
import { ago, count, percent, share, span, UNKNOWN } from "./words.js";

const QUIET = ["asleep", "waking", "suspending"];
const KINDS = { up: "good", down: "bad", unknown: "unsure", "no answer": "unsure" };
const SOURCES = { gateway: "said by the gateway", ssh: "asked by SSH", prometheus: "measured by Prometheus" };

function sleeps(told, now) {
  if (told.held_until !== null) return `held for ${span(told.held_until - now)}`;
  if (told.sleeps_at !== null) return `in ${span(told.sleeps_at - now)}`;
  if (QUIET.includes(told.state)) return "";
  if (told.idle_after === null || told.seen_to_wake === false) return "never";
  return told.seen_to_wake === null ? UNKNOWN : "when idle";
}

function why(host) {
  const told = host.gateway;
  const reasons = [];
  if (host.state_from) reasons.push(SOURCES[host.state_from] ?? host.state_from);
  if (told?.held_until) reasons.push("somebody holds it awake");
  if (told?.seen_to_wake === false) reasons.push("it was never seen to wake");
  return [...reasons, ...(told?.stayed_awake_for ?? [])].join("; ");
}

function lastWake(told, now) {
  if (told.last_wake === null) return UNKNOWN;
  const took = told.last_wake_seconds === null ? "" : `, took ${span(told.last_wake_seconds)}`;
  return `${ago(told.last_wake, now)} ago${took}`;
}

function facts(host, now) {
  const gpu = host.gpu_memory_bytes !== null;
  const [free, total] = gpu ? [host.gpu_memory_free_bytes, host.gpu_memory_bytes] : [host.memory_free_bytes, host.memory_bytes];
  const told = host.gateway?.state ? host.gateway : null;
  const waits = told?.waiting ? `, ${told.waiting} waiting` : "";
  return [
    ["Why", why(host)],
    ["Up", host.up_since === null ? "" : `for ${ago(host.up_since, now)}`],
    ["Gateway", told ? `${told.state} for ${ago(told.since, now)}` : ""],
    ["In flight", told ? `${told.in_flight}${waits}` : host.requests === null ? "" : count(host.requests, "request")],
    ["Idle for", told && told.idle_for !== null ? span(told.idle_for) : ""],
    ["Sleeps", told ? sleeps(told, now) : ""],
    ["Last wake", told ? lastWake(told, now) : ""],
    [gpu ? "GPU memory" : "Memory", total === null ? "" : share(free, total)],
    ["Busy", host.cpu_busy === null ? "" : percent(host.cpu_busy)],
    ["Serves", host.models.join(", ")],
  ];
}

function button(word, name, fields) {
  const made = element("button", { type: "button", textContent: word });
  made.setAttribute("aria-label", `${word} ${name}`);
  made.dataset.does = fields.does;
  made.addEventListener("click", () => act(fields.does, { host: name, ...fields.more }, made));
  return made;
}

function make(host) {
  const heading = element("h3", { textContent: host.name });
  heading.id = `host-${host.name}`;
  const card = element("li", {}, heading, element("p"), element("dl"), element("p", { className: "buttons" }));
  card.children[1].append(element("span"), element("span", { className: "faint" }));
  const name = host.name;
  card.buttons = [
    button("Wake", name, { does: "wake" }),
    button("Sleep", name, { does: "sleep" }),
    button("Hold 2 h", name, { does: "hold", more: { seconds: 7200 } }),
    button("Release", name, { does: "release" }),
  ];
  return card;
}

function update(card, host, now) {
  const [, line, list, buttons] = card.children;
  say(line.children[0], host.state, `state ${KINDS[host.state] ?? "faint"}`);
  say(line.children[1], ` · ${host.kind} · ${host.address}`, "faint");
  terms(list, facts(host, now));
  const wanted = host.gateway?.state ? card.buttons : [];
  if (buttons.children.length !== wanted.length) buttons.replaceChildren(...wanted);
  for (const one of wanted) {
    // It stays where it is, so that who has just used it keeps the focus; a screen reader says that it would do nothing.
    const idle = {
      wake: !QUIET.includes(host.gateway.state) || host.gateway.state === "waking",
      sleep: QUIET.includes(host.gateway.state),
      release: host.gateway.held_until === null,
    }[one.dataset.does];
    one.setAttribute("aria-disabled", String(Boolean(idle)));
  }
}

export function showHosts(status) {
  keep(byId("host-list"), status.hosts, (host) => host.name, make, (card, host) => update(card, host, status.time));
}
