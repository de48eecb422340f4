// SPDX-License-Identifier: GPL-3.0-or-later
// Copyright: (c) 2026, the hybrid_ai.cluster contributors
// Listens to the gateway, and again and again after it was away: a browser itself gives up where the front says 503.

import { byId, say } from "./dom.js";

const AGAIN = 1000;
// The gateway says something every fifteen seconds at the latest, and a document every other second.
const SILENT = 20000;

export function listen(subjects) {
  let heard = Date.now();
  let source = null;

  const tell = (text, kind) => say(byId("connection"), text, kind);

  function open() {
    source?.close();
    heard = Date.now();
    source = new EventSource("events");
    for (const [name, show] of Object.entries(subjects)) {
      source.addEventListener(name, (event) => {
        heard = Date.now();
        tell("Live", "good");
        show(JSON.parse(event.data));
      });
    }
    source.addEventListener("error", () => {
      tell("The gateway does not answer; what is shown is from before.", "bad");
      if (source.readyState === EventSource.CLOSED) setTimeout(open, AGAIN);
    });
  }

  setInterval(() => {
    if (Date.now() - heard < SILENT) return;
    tell("The gateway says nothing; what is shown is from before.", "bad");
    open();
  }, AGAIN);
  open();
}
