// Webhook configuration
const webhookConfig = {
url: "https://your-app.example.com/webhooks/litestore",
secret: "your-webhook-secret", // For signature verification
events: [
"content.submitted",
"content.approved",
"review.created",
"product.purchased",
"commission.earned"
],
active: true,
retryPolicy: {
maxAttempts: 5,
backoffMultiplier: 2,
initialDelay: 1000 // milliseconds
}
}
const webhooks = [
{
name: "Order Processing",
url: "https://api.order-processor.example.com/webhooks",
events: ["product.purchased", "order.updated"],
secret: "order-secret-123"
},
{
name: "Email Service",
url: "https://api.email-service.example.com/webhooks",
events: ["user.registered", "review.created"],
secret: "email-secret-456"
},
{
name: "Analytics",
url: "https://api.analytics.example.com/webhooks",
events: ["*"], // All events
secret: "analytics-secret-789"
}
]
