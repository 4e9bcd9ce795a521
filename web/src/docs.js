// The documentation page: Swagger UI over the server's own OpenAPI document.
const target = document.getElementById("docs");

window.SwaggerUIBundle({
  url: target.dataset.url,
  domNode: target,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  persistAuthorization: false,
  // No requests to other servers.
  validatorUrl: null,
  queryConfigEnabled: false,
});
