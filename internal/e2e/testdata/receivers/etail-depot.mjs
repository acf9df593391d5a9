// A merchant of Etail Depot, after its document, with one correction: the
// document hands verifySignature the parsed req.body, which no Hmac can take,
// so it gets the raw body here.
import crypto from 'node:crypto';
import { listen } from './app.mjs';

const handled = { succeeded: 0, failed: 0 };

function verifySignature(payload, signature) {
  const expected = crypto
    .createHmac('sha256', process.env.WEBHOOK_SECRET)
    .update(payload, 'utf8')
    .digest('hex');
  return crypto.timingSafeEqual(Buffer.from(signature, 'hex'), Buffer.from(expected, 'hex'));
}

listen('/webhooks/etaildepot', (req, res) => {
  const event = req.body;
  const signature = req.headers['etail-signature'];
  if (!verifySignature(req.rawBody, signature)) {
    return res.status(400).send('Invalid signature');
  }
  switch (event.type) {
    case 'payment.succeeded':
      handlePaymentSuccess(event.data);
      break;
    case 'payment.failed':
      handlePaymentFailure(event.data);
      break;
  }
  return res.status(200).send('OK');
});

function handlePaymentSuccess(data) {
  handled.succeeded += data.object.amount;
}

function handlePaymentFailure(data) {
  handled.failed += data.object.amount;
}
