// A merchant of Commercio. Its document shows a signing secret and no receiver;
// this one signs as its neighbours do, under the header that the profile names.
import crypto from 'node:crypto';
import { listen } from './app.mjs';

const WebhookEventType = new Set([
  'ORDER_CREATED', 'ORDER_STATUS_CHANGED', 'PRODUCT_CREATED', 'PRODUCT_UPDATED',
  'INVENTORY_LOW', 'PAYMENT_RECEIVED', 'SHIPMENT_DELIVERED', 'CUSTOMER_CREATED',
]);

listen('/hooks/orders', (req, res) => {
  const digest = crypto.createHmac('sha256', process.env.WEBHOOK_SECRET).update(req.rawBody, 'utf8').digest();
  const signature = Buffer.from(req.headers['x-commercio-signature'], 'hex');
  if (signature.length !== digest.length || !crypto.timingSafeEqual(signature, digest)) {
    return res.status(401).send('Unauthorized');
  }
  if (!WebhookEventType.has(req.body.event)) {
    return res.status(400).send('Unknown event');
  }
  return res.status(200).send('OK');
});
