// A merchant of the Commerce Engine, after its document: the raw body, bytes
// from hex, a comparison in constant time.
import crypto from 'node:crypto';
import { listen } from './app.mjs';

function verifyWebhookSignature(body, signature, secret) {
  const expected = crypto.createHmac('sha256', secret).update(body, 'utf8').digest('hex');
  return crypto.timingSafeEqual(Buffer.from(signature, 'hex'), Buffer.from(expected, 'hex'));
}

listen('/hooks/commerce', (req, res) => {
  const rawBody = req.rawBody;
  const signature = req.headers['x-commerce-signature'];
  if (!verifyWebhookSignature(rawBody, signature, process.env.WEBHOOK_SECRET)) {
    return res.status(401).send('Invalid signature');
  }
  const event = JSON.parse(rawBody);
  const [module] = event.type.split('.');
  switch (module) {
    case 'orders':
    case 'catalog':
    case 'inventory':
    case 'customers':
    case 'pricing':
    case 'promotions':
    case 'fulfillment':
    case 'cart':
      return res.status(200).send('OK');
  }
  return res.status(400).send('Unknown event');
});
