// A receiver after the Standard Webhooks specification: the key is the base64
// behind whsec_, the content is id.timestamp.body, any v1 signature will do, and
// the timestamp lies within five minutes.
import crypto from 'node:crypto';
import { listen } from './app.mjs';

const tolerance = 5 * 60; // seconds

function verify(headers, body, secret) {
  const id = headers['webhook-id'];
  const timestamp = headers['webhook-timestamp'];
  const signatures = headers['webhook-signature'];
  if (!id || !timestamp || !signatures) {
    return false;
  }
  if (Math.abs(Date.now() / 1000 - Number.parseInt(timestamp, 10)) > tolerance) {
    return false;
  }
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const expected = crypto.createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest();
  return signatures.split(' ').some((entry) => {
    const [version, signature] = entry.split(',');
    const given = Buffer.from(signature ?? '', 'base64');
    return version === 'v1' && given.length === expected.length && crypto.timingSafeEqual(given, expected);
  });
}

listen('/webhooks', (req, res) => {
  if (!verify(req.headers, req.rawBody, process.env.WEBHOOK_SECRET)) {
    return res.status(401).send('Unauthorized');
  }
  return res.status(200).send('OK');
});
