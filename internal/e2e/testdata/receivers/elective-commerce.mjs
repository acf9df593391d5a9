// A merchant of Elective Commerce, after its document: the hex HMAC-SHA256 of
// the body printed again from its parsed form, compared as a string.
import crypto from 'node:crypto';
import { listen } from './app.mjs';

const handleWebhook = async (req, res) => {
  const signature = req.headers['x-e-commerce-signature'];
  const secret = process.env.WEBHOOK_SECRET; // from Dashboard > Developers > Webhooks
  const payload = JSON.stringify(req.body);

  const hmac = crypto.createHmac('sha256', secret);
  const digest = hmac.update(payload).digest('hex');
  if (signature !== digest) {
    console.error('Signature mismatch');
    res.status(401).send('Unauthorized');
    return;
  }
  switch (req.body.event) {
    case 'order.created':
    case 'order.paid':
    case 'order.fulfilled':
    case 'customer.created':
      res.status(200).send('OK');
      return;
  }
  res.status(400).send('Unknown event');
};

listen('/webhooks', handleWebhook);
