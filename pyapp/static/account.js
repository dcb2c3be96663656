// Where the links of mails lead: /account#<what>=<token>. What stands behind # never leaves the browser by itself, and it
// is taken out of the address at once. Nothing happens without a click, because programs that examine mail open links.
"use strict";

const byId = (id) => document.getElementById(id);
const LOGIN = { label: "Username or e-mail address", autocomplete: "username", required: true };

const tasks = {
  "verify-email": {
    what: "Confirm that this e-mail address is yours.",
    button: "Confirm", done: "The address is confirmed.",
    send: (token) => call("POST", "/v1/email-verifications", { token }),
  },
  "revert-email": {
    what: "Take the change of your e-mail address back. You are signed out everywhere, API keys are revoked, "
      + "and a link for a new password comes by mail.",
    button: "Take it back", done: "Your former address is restored. The link for a new password is in your mail.",
    send: (token) => call("POST", "/v1/email-reversions", { token }),
  },
  "restore-account": {
    what: "Have your deleted account back.", button: "Restore it",
    done: "The account is back. You can sign in with it.",
    send: (token) => ["POST", "/v1/users/restore", { token }],
  },
  "reset-password": {
    what: "Choose a new password. You are signed out everywhere.",
    fields: [{ label: "New password", type: "password", autocomplete: "new-password", required: true }],
    button: "Set the password", done: "The new password is set. You can sign in with it.",
    send: (token, [password]) => call("PUT", "/v1/password-resets", { token, new_password: password }),
  },
  "forgot-password": {
    what: "Ask for a link with which you can choose a new password.",
    fields: [LOGIN],
    button: "Send the link", done: "If there is such an account, the link is on its way to its address.",
    send: (_, [login]) => call("POST", "/v1/password-resets", { login }),
  },
  "restore-account": {
    what: "Your account was deleted. Have it back?",
    button: "Restore the account", done: "The account is restored. You can sign in again.",
    send: (token) => call("POST", "/v1/users/restore", { token }),
  },
  "invitation": {
    what: "You are invited to a team. To join it, sign in to the account with this address.",
    fields: [LOGIN, { label: "Password", type: "password", autocomplete: "current-password", required: true },
      { label: "Code of the second factor, if you have one", autocomplete: "one-time-code" }],
    button: "Join", done: "You are in the team.",
    // A session for this one call.
    send: async (token, [login, password, totp]) => {
      const session = await call("POST", "/v1/sessions", totp ? { login, password, totp } : { login, password });
      if (!session.ok) return session;
      const bearer = (await session.json()).token;
      const joined = await call("POST", "/v1/invitations", { token }, bearer);
      await call("DELETE", "/v1/sessions/current", undefined, bearer);
      return joined;
    },
    refuse: "Decline", refused: "The invitation is declined.",
    sendRefusal: (token) => call("POST", "/v1/invitations/decline", { token }),
  },
};

let task = null;
let token = "";

function call(method, path, body, bearer) {
  const headers = body ? { "Content-Type": "application/json" } : {};
  if (bearer) headers.Authorization = `Bearer ${bearer}`;
  return fetch(path, { method, headers, body: body && JSON.stringify(body), credentials: "omit" });
}

function field({ label, ...properties }) {
  const [paragraph, name, input] = ["p", "label", "input"].map((tag) => document.createElement(tag));
  Object.assign(input, { size: 40, ...properties });
  name.append(label, document.createElement("br"), input);
  paragraph.append(name);
  return paragraph;
}

function show() {
  const [name, secret] = location.hash.slice(1).split("=");
  if (!name && task) return; // taken out of the address below
  task = tasks[name] || tasks["forgot-password"];
  token = secret || "";
  history.replaceState(null, "", location.pathname);
  byId("what").textContent = task.what;
  byId("fields").replaceChildren(...(task.fields || []).map(field));
  byId("button").textContent = task.button;
  byId("refuse").textContent = task.refuse || "";
  byId("refuse").hidden = !task.refuse;
  byId("form").hidden = false;
  byId("again").hidden = true;
  byId("outcome").textContent = "";
}

async function send(event, how, done) {
  event.preventDefault();
  const buttons = document.querySelectorAll("button");
  buttons.forEach((button) => { button.disabled = true; });
  try {
    const answer = await how(token, [...document.querySelectorAll("input")].map((input) => input.value));
    const problem = answer.ok ? null : await answer.json();
    byId("form").hidden = answer.ok;
    byId("outcome").textContent = answer.ok ? done : problem.detail || problem.title;
    byId("again").hidden = answer.ok || problem.code !== "VL004" || task === tasks.invitation;
  } catch {
    byId("outcome").textContent = "The service cannot be reached; try again.";
  } finally {
    buttons.forEach((button) => { button.disabled = false; });
  }
}

byId("form").addEventListener("submit", (event) => send(event, task.send, task.done));
byId("refuse").addEventListener("click", (event) => send(event, task.sendRefusal, task.refused));
addEventListener("hashchange", show);
show();
