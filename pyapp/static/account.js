// Where the links of mails lead: /account#<what>=<token>. What stands behind # never leaves the browser by itself, and it
// is taken out of the address at once. Nothing happens without a click, because programs that examine mail open links.
"use strict";

const byId = (id) => document.getElementById(id);

const tasks = {
  "verify-email": {
    what: "Confirm that this e-mail address is yours.", button: "Confirm", done: "The address is confirmed.",
    send: (token) => ["POST", "/v1/email-verifications", { token }],
  },
  "revert-email": {
    what: "Take the change of your e-mail address back. You are signed out everywhere, API keys are revoked, "
      + "and a link for a new password comes by mail.",
    button: "Take it back", done: "Your former address is restored. The link for a new password is in your mail.",
    send: (token) => ["POST", "/v1/email-reversions", { token }],
  },
  "reset-password": {
    what: "Choose a new password. You are signed out everywhere.", label: "New password", type: "password",
    autocomplete: "new-password", button: "Set the password", done: "The new password is set. You can sign in with it.",
    send: (token, text) => ["PUT", "/v1/password-resets", { token, new_password: text }],
  },
  "forgot-password": {
    what: "Ask for a link with which you can choose a new password.", label: "Username or e-mail address", type: "text",
    autocomplete: "username", button: "Send the link",
    done: "If there is such an account, the link is on its way to its address.",
    send: (_, text) => ["POST", "/v1/password-resets", { login: text }],
  },
};

let task = null;
let token = "";

function show() {
  const [name, secret] = location.hash.slice(1).split("=");
  if (!name && task) return; // taken out of the address below
  task = tasks[name] || tasks["forgot-password"];
  token = secret || "";
  history.replaceState(null, "", location.pathname);
  byId("what").textContent = task.what;
  byId("field").hidden = !task.label;
  byId("input").disabled = !task.label;
  byId("label").textContent = task.label || "";
  Object.assign(byId("input"), { value: "", type: task.type || "text", autocomplete: task.autocomplete || "off" });
  document.querySelector("button").textContent = task.button;
  byId("form").hidden = false;
  byId("again").hidden = true;
  byId("outcome").textContent = "";
}

async function submit(event) {
  event.preventDefault();
  const button = document.querySelector("button");
  button.disabled = true;
  const [method, path, body] = task.send(token, byId("input").value);
  try {
    const answer = await fetch(path, {
      method, body: JSON.stringify(body), headers: { "Content-Type": "application/json" }, credentials: "omit",
    });
    const problem = answer.ok ? null : await answer.json();
    byId("form").hidden = answer.ok;
    byId("outcome").textContent = answer.ok ? task.done : problem.detail || problem.title;
    byId("again").hidden = answer.ok || problem.code !== "VL004";
  } catch {
    byId("outcome").textContent = "The service cannot be reached; try again.";
  } finally {
    button.disabled = false;
  }
}

byId("form").addEventListener("submit", submit);
addEventListener("hashchange", show);
show();
