// SPDX-License-Identifier: GPL-3.0-or-later
// Copyright: (c) 2026, the hybrid_ai.cluster contributors
// A conversation with a model. It lives in this page alone, and ends with it.

import { failure, LATER } from "./actions.js";
import { byId, element } from "./dom.js";

const conversation = [];
let running = null;

function add(who, text) {
  const words = element("span", { textContent: text });
  byId("chat-log").append(element("p", {}, element("span", { className: "who", textContent: `${who}: ` }), words));
  return words;
}

// Yields the events of a stream; comments, which only keep the connection open, are told as null.
async function* events(body) {
  const decoder = new TextDecoder();
  let rest = "";
  for (const reader = body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return;
    rest += decoder.decode(value, { stream: true });
    const found = rest.split("\n");
    rest = found.pop();
    for (const line of found) {
      if (line.startsWith(":")) yield null;
      if (line.startsWith("data: ")) yield line.slice(6);
    }
  }
}

// Writes an answer as it comes; an error in the stream, and an end without the mark of one, is a failure.
async function read(response, words) {
  for await (const data of events(response.body)) {
    if (data === null) {
      if (!words.textContent) byId("said").textContent = "Waiting for the model; a host may have to wake.";
      continue;
    }
    if (data === "[DONE]") return;
    const { error, choices = [] } = JSON.parse(data);
    if (error) throw new Error(error.message ?? error);
    words.textContent += choices[0]?.delta?.content ?? "";
    byId("chat-log").scrollTop = byId("chat-log").scrollHeight;
  }
  throw new Error("The answer broke off.");
}

async function ask(model, text) {
  conversation.push({ role: "user", content: text });
  add("You", text);
  const words = add(model, "");
  running = new AbortController();
  busy(true);
  try {
    const response = await fetch("v1/chat/completions", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ model, messages: conversation, stream: true }),
      signal: running.signal,
    });
    if (!response.ok) throw new Error(await failure(response));
    await read(response, words);
    byId("said").textContent = "";
  } catch (error) {
    if (error.name === "AbortError") byId("said").textContent = "Stopped.";
    else byId("failed").textContent = error instanceof TypeError ? LATER : error.message;
  }
  if (words.textContent) conversation.push({ role: "assistant", content: words.textContent });
  else {
    // What was not answered is no part of what the model is told next.
    conversation.pop();
    words.parentElement.remove();
  }
  running = null;
  busy(false);
}

// A screen reader reads an answer when it is whole, not word by word.
function busy(is) {
  byId("chat-log").setAttribute("aria-busy", String(is));
  byId("chat-send").disabled = is;
  byId("chat-stop").disabled = !is;
}

export function beginChat() {
  const form = byId("chat-form");
  const text = byId("chat-text");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (running || !text.value.trim()) return;
    byId("said").textContent = byId("failed").textContent = "";
    ask(byId("chat-model").value, text.value.trim());
    text.value = "";
    text.focus();
  });
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  byId("chat-stop").addEventListener("click", () => {
    running?.abort();
    text.focus();
  });
  byId("chat-new").addEventListener("click", () => {
    running?.abort();
    conversation.length = 0;
    byId("chat-log").replaceChildren();
    text.focus();
  });
}
