// A merchant of Litestore, after its document's handler: the body printed again
// from its parsed form, the hex texts compared in constant time, then a switch
// on the event whose handlers rely on the members that the document shows.
import crypto from 'node:crypto';
import { listen } from './app.mjs';

const inventory = new Map();
const mails = [];
const earnings = new Map();

async function handler(req, res) {
  if (req.method !== 'POST') {
    return res.status(405).json({ error: 'Method not allowed' });
  }
  const signature = req.headers['x-litestore-signature'];
  const payload = JSON.stringify(req.body);
  const expectedSignature = crypto
    .createHmac('sha256', process.env.WEBHOOK_SECRET)
    .update(payload, 'utf8')
    .digest('hex');
  if (!crypto.timingSafeEqual(Buffer.from(signature), Buffer.from(expectedSignature))) {
    return res.status(401).json({ error: 'Invalid signature' });
  }

  const { event, data } = req.body;
  try {
    switch (event) {
      case 'content.submitted':
        await sendNotification(`Content ${data.contentId} submitted by creator ${data.creatorId}`);
        break;
      case 'product.purchased':
        await updateInventory(data.productId, -data.quantity);
        await sendNotification(`${data.customer.email} ${data.orderId}`);
        break;
      case 'review.created':
        await sendNotification(data.content.slice(0, 80));
        break;
      case 'commission.earned':
        await updateCreatorEarnings(data.creatorId, data.amount.value);
        await sendNotification(`You earned $${data.amount.value} in commission!`);
        break;
      default:
        console.error(`Unhandled event: ${event}`);
    }
    return res.status(200).json({ received: true });
  } catch (error) {
    console.error('Webhook processing error:', error);
    return res.status(500).json({ error: 'Internal server error' });
  }
}

async function sendNotification(body) {
  mails.push(body);
}

async function updateInventory(productId, change) {
  inventory.set(productId, (inventory.get(productId) ?? 0) + change);
}

async function updateCreatorEarnings(creatorId, amount) {
  earnings.set(creatorId, (earnings.get(creatorId) ?? 0) + amount);
}

listen('/webhooks/litestore', handler);
