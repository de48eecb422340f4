// SPDX-License-Identifier: GPL-3.0-or-later
// Copyright: (c) 2026, the hybrid_ai.cluster contributors
// Asks the gateway by openai-node and prints what came as JSON, as ask.py does by the libraries of Python.

import OpenAI from 'openai';

const { GATEWAY_URL, GATEWAY_KEY, GATEWAY_MODEL: model } = process.env;
const client = new OpenAI({ baseURL: `${GATEWAY_URL}/v1`, apiKey: GATEWAY_KEY, maxRetries: 0 });
const said = (content) => [{ role: 'user', content }];
const number = { type: 'integer' };
const parameters = { type: 'object', properties: { a: number, b: number }, required: ['a', 'b'] };
const tools = [{ type: 'function', function: { name: 'add', description: 'Adds.', parameters } }];

const cases = {
  async whole() {
    return (await client.chat.completions.create({ messages: said('hi'), model })).choices[0].message.content;
  },
  async stream() {
    let text = '';
    for await (const part of await client.chat.completions.create({ messages: said('hi'), model, stream: true })) {
      text += part.choices[0]?.delta.content ?? '';
    }
    return text;
  },
  async tools() {
    const first = await client.chat.completions.create({ messages: said('hi'), model, tools });
    const { message } = first.choices[0];
    const [call] = message.tool_calls;
    const messages = [...said('hi'), message, { role: 'tool', tool_call_id: call.id, content: '3' }];
    const answer = (await client.chat.completions.create({ messages, model, tools })).choices[0].message.content;
    return { call: JSON.parse(call.function.arguments), answer };
  },
  async tools_stream() {
    const found = await client.chat.completions.stream({ messages: said('hi'), model, tools }).finalChatCompletion();
    return JSON.parse(found.choices[0].message.tool_calls[0].function.arguments);
  },
  async embeddings() {
    return (await client.embeddings.create({ model, input: ['hi', 'hi'] })).data[1].embedding;
  },
  async embeddings_float() {
    return (await client.embeddings.create({ model, input: 'hi', encoding_format: 'float' })).data[0].embedding;
  },
  async cancelled() {
    const stream = await client.chat.completions.create({ messages: said('a slow answer'), model, stream: true });
    for await (const part of stream) {
      if (part.choices[0]?.delta.content) break;
    }
    return 'left';
  },
};

console.log(JSON.stringify(await cases[process.argv[3]]()));
