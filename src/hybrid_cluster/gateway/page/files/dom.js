// SPDX-License-Identifier: GPL-3.0-or-later
// Copyright: (c) 2026, the hybrid_ai.cluster contributors
// Elements that stay what they are while what they say changes, so that nobody loses the focus or their place.

export const byId = (id) => document.getElementById(id);

export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

export function say(node, text, kind = "") {
  if (node.textContent !== text) node.textContent = text;
  if (node.className !== kind) node.className = kind;
}

// Keeps one child for each item, in the order of the items: `make` makes it from the item, `update` has it say what is so now.
export function keep(parent, items, key, make, update) {
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let before = null;
  for (const item of items) {
    const name = String(key(item));
    let child = known.get(name);
    if (!child) {
      child = make(item);
      child.dataset.key = name;
    }
    known.delete(name);
    update(child, item);
    const place = before ? before.nextElementSibling : parent.firstElementChild;
    if (place !== child) parent.insertBefore(child, place);
    before = child;
  }
  for (const child of known.values()) child.remove();
}

// Keeps a line of text for each item.
export function lines(parent, items, text, kind = () => "") {
  keep(
    parent,
    items.map((item, place) => [item, place]),
    ([, place]) => place,
    () => element("li"),
    (child, [item]) => say(child, text(item), kind(item)),
  );
}

// Keeps terms with what they are: triples of a term, a text and a kind. Those without a text are left out.
export function terms(list, found) {
  keep(
    list,
    found.filter(([, text]) => text),
    ([term]) => term,
    ([term]) => element("div", {}, element("dt", { textContent: term }), element("dd")),
    (child, [, text, kind = ""]) => say(child.lastElementChild, text, kind),
  );
}
