"use strict";
window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  docExpansion: "list",
  // Functions by name repeat what the routes say: they come last.
  tagsSorter: (a, b) => (a === "rpc") - (b === "rpc") || a.localeCompare(b),
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  persistAuthorization: false,
  validatorUrl: null,
});
