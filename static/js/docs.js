// Swagger UI over our own OpenAPI document; nothing is loaded from elsewhere.
const place = document.getElementById("swagger-ui");
window.SwaggerUIBundle({
  domNode: place,
  url: place.dataset.url,
  validatorUrl: null,
  deepLinking: true,
  tryItOutEnabled: true,
});
