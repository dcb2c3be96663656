// Reads /readyz, /metrics and /openapi.json and shows them. Values are set as text, never as markup.
"use strict";

const byId = (id) => document.getElementById(id);
const words = (name) => name.replace(/_total$/, "").replaceAll("_", " ");
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

function element(tag, text, className) {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (className) node.className = className;
  return node;
}

function cards(id, entries) {
  byId(id).replaceChildren(...entries.map(([name, value, tone]) => {
    const card = element("div", undefined, "card");
    card.append(element("div", name, "name"), element("div", show(value), `value ${tone || ""}`));
    return card;
  }));
}

function table(id, columns, rows) {
  const numeric = columns.map((_, i) => rows.some((row) => typeof row[i] === "number"));
  const line = (tag, values) => {
    const tr = element("tr");
    values.forEach((value, i) => tr.append(element(tag, show(value), numeric[i] ? "number" : "")));
    return tr;
  };
  const [head, body] = [element("thead"), element("tbody")];
  head.append(line("th", columns));
  body.append(...rows.map((row) => line("td", row)));
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

// What the database says of itself, shortened to what a person compares.
function fact(name, value) {
  if (name === "registry_version") return value.slice(0, 8);
  if (name === "deployed_at") return new Date(value).toLocaleString();
  return value;
}

// Prometheus' text: one sample per line, as its name, its labels and its value.
function samples(text) {
  return text.split("\n").filter((line) => line && !line.startsWith("#")).map((line) => {
    const [, name, labels, value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
    const pairs = [...(labels || "").matchAll(/(\w+)="([^"]*)"/g)].map(([, key, item]) => [key, item]);
    return { name, labels: Object.fromEntries(pairs), value: Number(value) };
  });
}

function health(ready) {
  const tone = { ok: "good", degraded: "warn", unavailable: "bad" };
  cards("health", [
    ["service", ready.status, tone[ready.status]],
    ...Object.entries(ready.checks).map(([name, check]) =>
      [words(name), check.reason || check.status, tone[check.status]]),
    ["version", ready.version],
    ...Object.entries(ready.database).map(([name, value]) => [words(name), fact(name, value)]),
  ]);
}

let before = null;

function numbers(found) {
  const of = (name, wanted = () => true) =>
    sum(found.filter((s) => s.name === name && wanted(s.labels)).map((s) => s.value));
  const status = (digit) => of("plinth_http_requests_total", (l) => l.status.startsWith(digit));
  const requests = of("plinth_http_requests_total");
  const now = { time: performance.now(), requests };
  const rate = before ? 1000 * Math.max(0, requests - before.requests) / (now.time - before.time) : null;
  before = now;
  cards("traffic", [
    ["requests per second", rate],
    ["requests", requests],
    ["refused (4xx)", status("4")],
    ["failed (5xx)", status("5"), status("5") ? "warn" : "good"],
    ["mean answer, ms", 1000 * of("plinth_http_request_seconds_sum") / Math.max(1, requests)],
    ["clients connected", of("plinth_http_connections")],
    ["workers", of("plinth_workers")],
    ["peak memory, MB", of("plinth_process_memory_peak_bytes") / 1e6],
  ]);

  const lanes = {};
  for (const { name, labels, value } of found.filter((s) => s.labels.lane)) {
    (lanes[labels.lane] ||= {})[name.replace("plinth_database_lane_", "")] = value;
  }
  const keys = Object.keys(Object.values(lanes)[0] || {});
  table("database", ["lane", ...keys.map(words)],
    Object.entries(lanes).map(([name, lane]) => [name, ...keys.map((key) => lane[key])]));

  cards("cache", found.filter((s) => s.name.startsWith("plinth_cache_")).map((s) =>
    [s.labels.result ? `answers: ${s.labels.result}` : words(s.name.slice("plinth_cache_".length)), s.value]));
}

function routes(paths, found) {
  const rows = [];
  for (const [path, methods] of Object.entries(paths).filter(([path]) => !path.startsWith("/rpc/"))) {
    for (const [method, told] of Object.entries(methods)) {
      const of = (name) => sum(found.filter((s) => s.name === name && s.labels.route === path
        && s.labels.method === method.toUpperCase()).map((s) => s.value));
      const count = of("plinth_http_request_seconds_count");
      const mean = count ? 1000 * of("plinth_http_request_seconds_sum") / count : null;
      rows.push([method.toUpperCase(), path, told["x-function"], told.security.length ? "token" : "anybody",
        told["x-cache-seconds"], count, mean]);
    }
  }
  table("routes", ["method", "path", "function", "caller", "cached for s", "requests", "mean ms"], rows);
}

async function get(path) {
  const answer = await fetch(path, { cache: "no-store" });
  if (!answer.ok && path !== "/readyz") throw new Error(`${path}: status ${answer.status}`);
  return answer;
}

async function refresh() {
  try {
    health(await (await get("/readyz")).json());
    const found = samples(await (await get("/metrics")).text());
    numbers(found);
    routes((await (await get("/openapi.json")).json()).paths, found);
    byId("when").textContent = `as of ${new Date().toLocaleTimeString()}`;
    byId("when").className = "muted";
  } catch (error) {
    byId("when").textContent = `no answer (${error.message}); trying again`;
    byId("when").className = "bad";
  }
  window.setTimeout(refresh, 2000);
}

refresh();
