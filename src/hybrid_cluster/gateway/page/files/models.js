// SPDX-License-Identifier: GPL-3.0-or-later
// Copyright: (c) 2026, the hybrid_ai.cluster contributors
// The table of models, and which of them answers where, how fast.

import { byId, element, keep, say, terms } from "./dom.js";
import { tokens } from "./words.js";

const KINDS = { answers: "good", "on request": "good", "no answer": "bad", unknown: "unsure" };

function make(model) {
  const name = [model.name, ...model.aliases].join(" = ");
  return element("li", {}, element("h3", { textContent: name }), element("p", { className: "faint" }), element("dl"));
}

function update(card, model) {
  const memory = model.memory_gigabytes === null ? "" : ` · ${model.memory_gigabytes} GB`;
  const state = model.state === "present" ? "" : ` · ${model.state}`;
  say(card.children[1], `${model.backend}${memory}${state}`, "faint");
  const speeds = model.tokens_per_second;
  terms(
    card.children[2],
    Object.entries(model.answers).map(([host, answer]) => {
      const speed = host in speeds ? `, ${tokens(speeds[host])}` : "";
      return [host, `${answer}${speed}`, KINDS[answer] ?? ""];
    }),
  );
}

export function showModels(status) {
  keep(byId("model-list"), status.models, (model) => model.name, make, update);
  const served = status.models.filter((model) => model.state === "present" && Object.keys(model.answers).length);
  keep(
    byId("chat-model"),
    served,
    (model) => model.name,
    (model) => element("option", { value: model.name, textContent: model.name }),
    () => {},
  );
}
