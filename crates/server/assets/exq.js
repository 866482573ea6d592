// Keeps a page live: the server sends its body again when something in it changed, and only the parts that differ are
// put in place, so that focus, scroll positions and opened details stay as they are. Without this script the page is
// as readable, and is reloaded by hand.
"use strict";

const live = document.getElementById("live");
const pulse = document.getElementById("pulse");

const parts = (root) => [...root.querySelectorAll("[data-live]")];

// What the server sent for each part: the page in the browser differs from it once a person opened a detail.
const sent = new Map();
const remember = (root) => parts(root).forEach((part) => sent.set(part.id, part.outerHTML));

function carryOver(from, to) {
  for (const details of from.querySelectorAll("details[id]")) {
    const same = [...to.querySelectorAll("details")].find((other) => other.id === details.id);
    if (same) same.open = details.open;
  }
}

function place(html) {
  const next = new DOMParser().parseFromString(html, "text/html").body;
  const focused = document.activeElement?.id;
  const before = parts(live);
  const after = parts(next);
  const sameShape =
    before.length === after.length &&
    before.every((part, at) => part.id === after[at].id) &&
    live.querySelectorAll("article, .run").length === next.querySelectorAll("article, .run").length;
  if (sameShape) {
    before.forEach((part, at) => {
      const fresh = after[at];
      if (sent.get(part.id) === fresh.outerHTML) return;
      sent.set(part.id, fresh.outerHTML);
      carryOver(part, fresh);
      part.replaceWith(document.adoptNode(fresh));
    });
    const freshArticles = [...next.querySelectorAll("article")];
    live.querySelectorAll("article").forEach((article, at) => {
      article.className = freshArticles[at].className;
    });
  } else {
    sent.clear();
    remember(next);
    carryOver(live, next);
    live.replaceChildren(...[...next.childNodes].map((node) => document.adoptNode(node)));
  }
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

function say(state, words) {
  if (!pulse) return;
  pulse.dataset.state = state;
  pulse.textContent = words;
}

function listen(address) {
  const source = new EventSource(address);
  source.addEventListener("open", () => say("live", "Live"));
  source.addEventListener("body", (event) => place(event.data));
  source.addEventListener("error", () => {
    say("away", "Not live");
    // The browser comes back by itself, except after an answer that is no stream (no session, too many pages).
    if (source.readyState === EventSource.CLOSED) setTimeout(() => listen(address), 15000);
  });
  addEventListener("pagehide", () => source.close(), { once: true });
}

if (live?.dataset.events) {
  remember(live);
  listen(live.dataset.events);
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
}
