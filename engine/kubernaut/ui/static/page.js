/* Keeps an open page current, and lets one go through it by keyboard. Nothing here decides anything: the server renders, htmx sends forms. */
"use strict";

const WAIT_MS = 4000;
const ROOT = document.body.dataset.root;

/* --- what changes while the page is open --- */

function element(html) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  return template.content.firstElementChild;
}

/* Whether somebody is at work in an element: it has an open question or a preview, or what they type. */
function inUse(old) {
  const focused = document.activeElement;
  return (old.contains(focused) && focused.matches("input, select, textarea")) || old.querySelector("details[open], #undo:not(:empty), #log-lines:not(:empty)");
}

function place(parent, [id, before, version, html]) {
  const old = document.getElementById(id);
  if (old && old.dataset.v === version) return;
  if (old && inUse(old) && !keepsUse(old, html)) return;
  const fresh = element(html);
  if (!fresh) return;
  if (old) {
    const focus = old.contains(document.activeElement) ? document.activeElement : null;
    const where = focus && [...old.querySelectorAll("a, button, summary, [tabindex]")].indexOf(focus);
    if (old.classList.contains("at")) fresh.classList.add("at");
    old.replaceWith(fresh);
    if (focus) [...fresh.querySelectorAll("a, button, summary, [tabindex]")][where]?.focus({ preventScroll: true });
  } else {
    const previous = before && document.getElementById(before);
    if (previous && previous.parentElement === parent) previous.after(fresh);
    else parent.prepend(fresh);
  }
  htmx.process(fresh);
  ages(fresh);
}

/* An element in use is left alone, unless what could be done there can be done no more. */
function keepsUse(old, html) {
  const fresh = element(html);
  return [...old.querySelectorAll("details[open]")].some((one) => one.id && !fresh?.querySelector(`#${CSS.escape(one.id)}`));
}

function apply(changes) {
  for (const [region, change] of Object.entries(changes)) {
    const parent = document.getElementById(region);
    if (!parent) continue;
    for (const id of change.drop) document.getElementById(id)?.remove();
    for (const one of change.put) place(parent, one);
  }
}

/* The first message has the whole page: what it does not have, such as a row that was deleted meanwhile, goes. */
function applyAll(changes) {
  for (const [region, change] of Object.entries(changes)) {
    const wanted = new Set(change.put.map(([id]) => id));
    for (const one of [...(document.getElementById(region)?.children ?? [])]) if (one.id && !wanted.has(one.id)) one.remove();
  }
  apply(changes);
}

let lost = null;

function tellLost(text) {
  const place = document.getElementById("connection");
  let toast = document.getElementById("server-lost");
  if (!text) return toast?.remove();
  if (!toast) {
    toast = document.createElement("p");
    toast.id = "server-lost";
    toast.className = "toast bad";
    place.append(toast);
  }
  toast.textContent = text;
}

function listen() {
  const address = document.body.dataset.live;
  if (!address) return;
  const source = new EventSource(address);
  let first = true;
  source.onopen = () => {
    clearTimeout(lost);
    lost = null;
    first = true;
    tellLost("");
  };
  source.onmessage = (message) => {
    const changes = JSON.parse(message.data);
    (first ? applyAll : apply)(changes);
    first = false;
  };
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) {
      tellLost("The server of this page has ended or was started anew: open the address that it printed.");
      setTimeout(listen, WAIT_MS);
    } else {
      lost ??= setTimeout(() => tellLost("The server of this page does not answer: is kubernaut ui still running?"), WAIT_MS);
    }
  };
  addEventListener("pagehide", () => source.close());
}

/* A page that the browser kept, as "back" does, is shown as it was left, and with nothing that keeps it current. */
addEventListener("pageshow", (event) => event.persisted && location.reload());

/* --- ages --- */

function age(seconds) {
  if (seconds < 0) return "0s";
  if (seconds < 120) return `${Math.floor(seconds)}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86400)}d`;
}

function ages(root) {
  const now = Date.now();
  for (const one of root.querySelectorAll("time[data-age]")) {
    const text = age((now - Date.parse(one.dateTime)) / 1000);
    if (one.textContent !== text) one.textContent = text;
  }
}

/* --- mouse and keyboard --- */

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-dismiss], [data-copy], [data-open]");
  if (!target) return;
  if ("dismiss" in target.dataset) target.closest(".toast").remove();
  else if (target.dataset.copy) {
    navigator.clipboard?.writeText(target.dataset.copy);
    target.firstChild.textContent = "Copied";
  } else if (!event.target.closest("a, button, summary, input, select") && !getSelection().toString()) location.assign(target.dataset.open);
});

document.addEventListener("change", (event) => {
  if ("submit" in event.target.dataset) event.target.form.requestSubmit();
});

/* A filter form sends no empty fields, so that its address stays short. */
document.addEventListener("submit", (event) => {
  if (event.target.matches(".filters")) for (const field of event.target.elements) if (!field.value) field.disabled = true;
});

function step(by) {
  const rows = [...document.querySelectorAll("[data-open]")];
  if (!rows.length) return;
  const at = rows.findIndex((row) => row.classList.contains("at"));
  const next = rows[Math.max(0, Math.min(rows.length - 1, at < 0 ? (by > 0 ? 0 : rows.length - 1) : at + by))];
  rows[at]?.classList.remove("at");
  next.classList.add("at");
  next.querySelector("a")?.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  e: () => location.assign(ROOT + "/"),
  p: () => location.assign(ROOT + "/proposals"),
  r: () => location.assign(ROOT + "/runbooks"),
  a: () => location.assign(ROOT + "/actions"),
  "/": () => document.getElementById("search")?.focus(),
  "?": () => document.getElementById("keys").showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, dialog[open]")) return;
  const act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

ages(document);
setInterval(() => ages(document), 1000);
listen();
