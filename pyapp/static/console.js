// Reads /console/state and shows it. Every value is set as text, never as markup.
"use strict";

const byId = (id) => document.getElementById(id);

function element(tag, text, className) {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (className) node.className = className;
  return node;
}

function cards(id, entries) {
  byId(id).replaceChildren(...entries.map(([name, value, tone]) => {
    const card = element("div", undefined, "card");
    card.append(element("div", name, "name"), element("div", value, `value ${tone || ""}`));
    return card;
  }));
}

function table(id, columns, rows) {
  const head = element("thead");
  const body = element("tbody");
  const numeric = columns.map((_, i) => rows.length > 0 && rows.every((row) => typeof row[i] === "number"));
  const line = element("tr");
  columns.forEach((name, i) => line.append(element("th", name, numeric[i] ? "number" : "")));
  head.append(line);
  for (const row of rows) {
    const tr = element("tr");
    row.forEach((value, i) => tr.append(element("td", show(value), numeric[i] ? "number" : "")));
    body.append(tr);
  }
  byId(id).replaceChildren(head, body);
}

function show(value) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") {
    return value.toLocaleString("en", { maximumFractionDigits: Math.abs(value) < 10 ? 2 : 0 });
  }
  return String(value);
}

const words = (name) => name.replace(/_total$/, "").replaceAll("_", " ");

// What the database says of itself, shortened to what a person compares.
function fact(name, value) {
  if (name === "registry_version") return value.slice(0, 8);
  if (name === "deployed_at") return new Date(value).toLocaleString();
  return show(value);
}

function duration(seconds) {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

let before = null;

function render(state) {
  const tone = { ok: "good", degraded: "warn", unavailable: "bad" };
  cards("health", [
    ["service", state.ready.status, tone[state.ready.status]],
    ...Object.entries(state.ready.checks).map(([name, check]) =>
      [words(name), check.reason || check.status, tone[check.status]]),
    ["version", state.version],
    ...Object.entries(state.database_facts).map(([name, value]) => [words(name), fact(name, value)]),
  ]);

  const seconds = before ? (state.time - before.time) : 0;
  const rate = seconds > 0 ? Math.max(0, state.traffic.requests - before.traffic.requests) / seconds : null;
  before = state;
  cards("traffic", [
    ["requests per second", rate === null ? "…" : show(rate)],
    ["requests", show(state.traffic.requests)],
    ["refused (4xx)", show(state.traffic.refused)],
    ["failed (5xx)", show(state.traffic.failed), state.traffic.failed ? "warn" : "good"],
    ["mean answer", `${show(state.traffic.mean_ms)} ms`],
  ]);

  const lanes = Object.entries(state.database.lanes || {});
  const keys = [...new Set(lanes.flatMap(([, lane]) => Object.keys(lane)))];
  table("database", ["lane", ...keys.map(words)], lanes.map(([name, lane]) => [name, ...keys.map((k) => lane[k])]));

  const cache = Object.entries(state.cache).filter(([, value]) => typeof value !== "object");
  const answers = Object.entries(state.cache_answers);
  cards("cache", [...answers.map(([k, v]) => [`answers: ${k}`, show(v)]), ...cache.map(([k, v]) => [words(k), show(v)])]);

  table("workers", ["process", "running for", "connections", "peak memory MB"], state.workers.map((w) =>
    [String(w.pid), duration(w.uptime_seconds), w.connections, w.memory_peak_bytes / 1e6]));

  table("routes", ["method", "path", "function", "caller", "lane", "cached for s", "requests", "mean ms"],
    state.routes.map((r) => [r.method, r.path, r.function, r.auth, r.lane, r.cache_seconds, r.requests, r.mean_ms]));
}

async function refresh() {
  try {
    const answer = await fetch("/console/state", { cache: "no-store" });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    render(await answer.json());
    byId("when").textContent = `as of ${new Date().toLocaleTimeString()}`;
    byId("when").className = "muted";
  } catch (error) {
    byId("when").textContent = `no answer (${error.message}); trying again`;
    byId("when").className = "bad";
  }
  window.setTimeout(refresh, 2000);
}

refresh();
