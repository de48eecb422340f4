// SPDX-License-Identifier: GPL-3.0-or-later
// Copyright: (c) 2026, the hybrid_ai.cluster contributors
// What people have the gateway do; what becomes of it is said by the next events.

import { byId } from "./dom.js";

const DONE = {
  wake: (name) => `${name} is told to wake.`,
  sleep: (name) => `${name} is told to sleep.`,
  hold: (name) => `${name} does not sleep for 2 hours.`,
  release: (name) => `${name} is held no more.`,
};

export const LATER = "The gateway does not answer; try again in a moment.";

export async function failure(response) {
  try {
    const { error } = await response.json();
    return error.message ?? error;
  } catch {
    return `${LATER} (status ${response.status})`;
  }
}

function tell(done, failed) {
  byId("said").textContent = done;
  byId("failed").textContent = failed;
}

export async function act(word, fields, button) {
  if (button.getAttribute("aria-disabled") === "true") return;
  tell("", "");
  button.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(`do/${word}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(fields),
    });
    if (response.ok) tell(DONE[word](fields.host), "");
    else tell("", await failure(response));
  } catch {
    tell("", LATER);
  } finally {
    button.removeAttribute("aria-busy");
  }
}
