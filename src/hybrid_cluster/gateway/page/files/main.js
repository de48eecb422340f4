// SPDX-License-Identifier: GPL-3.0-or-later
// Copyright: (c) 2026, the hybrid_ai.cluster contributors
// Puts what the gateway tells where it is shown.

import { showCables } from "./cables.js";
import { beginChat } from "./chat.js";
import { byId } from "./dom.js";
import { showEnergy } from "./energy.js";
import { showHosts } from "./hosts.js";
import { listen } from "./live.js";
import { showModels } from "./models.js";
import { showPool } from "./pool.js";
import { showWakes } from "./wakes.js";

beginChat();
listen({
  status(status) {
    byId("failed").textContent = status.error ?? byId("failed").textContent;
    if (status.error) return;
    for (const show of [showPool, showHosts, showModels, showWakes]) show(status);
  },
  topology: showCables,
  energy: showEnergy,
});
