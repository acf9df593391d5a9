// Made by "npm run generate" from profile/profiles; do not edit.

import type { Profile } from "../profile.js";

/** The catalogue of Commerce Engine: the data of each type of event, as its example has it. */
export interface CommerceEngineEvents {
  /** An order was placed. */
  "orders.create": {
    id: string;
    orderNumber: string;
    status: string;
    grandTotal: number;
    currency: string;
  };
  /** An order moved from one status to another. */
  "orders.statusChange": {
    id: string;
    orderNumber: string;
    previousStatus: string;
    status: string;
  };
  /** A catalogue entry was created. */
  "catalog.create": {
    id: string;
    type: string;
    slug: string;
    title: string;
    status: string;
  };
  /** A catalogue entry was changed. */
  "catalog.update": {
    id: string;
    type: string;
    slug: string;
    title: string;
    status: string;
  };
  /** A catalogue entry was deleted. */
  "catalog.delete": {
    id: string;
    type: string;
    slug: string;
  };
  /** The stock of an entry was adjusted at a location. */
  "inventory.afterAdjust": {
    entityId: string;
    sku: string;
    warehouse: string;
    adjustment: number;
    onHand: number;
    reason: string;
  };
  /** A customer was created. */
  "customers.create": {
    id: string;
    email: string;
    firstName: string;
    lastName: string;
  };
  /** A customer's details were changed. */
  "customers.update": {
    id: string;
    email: string;
    firstName: string;
    lastName: string;
  };
  /** A price was created. */
  "pricing.create": {
    id: string;
    sku: string;
    amount: number;
    currency: string;
  };
  /** A price was changed. */
  "pricing.update": {
    id: string;
    sku: string;
    previousAmount: number;
    amount: number;
    currency: string;
  };
  /** A promotion was created. */
  "promotions.create": {
    id: string;
    code: string;
    type: string;
    value: number;
    endsAt: string;
  };
  /** A promotion was changed. */
  "promotions.update": {
    id: string;
    code: string;
    type: string;
    value: number;
    endsAt: string;
  };
  /** A fulfillment was created for an order. */
  "fulfillment.create": {
    id: string;
    orderId: string;
    carrier: string;
    trackingNumber: string;
    items: {
      sku: string;
      quantity: number;
    }[];
  };
  /** An item was added to a cart. */
  "cart.afterAddItem": {
    cartId: string;
    item: {
      sku: string;
      quantity: number;
      unitPrice: number;
    };
    subtotal: number;
    currency: string;
  };
}

/** The catalogue of Commercio: the data of each type of event, as its example has it. */
export interface CommercioEvents {
  /** An order was created. */
  ORDER_CREATED: {
    orderId: string;
    customerId: string;
    totalAmount: number;
  };
  /** An order's status changed. */
  ORDER_STATUS_CHANGED: {
    orderId: string;
    previousStatus: string;
    status: string;
  };
  /** A product was created. */
  PRODUCT_CREATED: {
    productId: string;
    name: string;
    sku: string;
    price: number;
  };
  /** A product was changed. */
  PRODUCT_UPDATED: {
    productId: string;
    name: string;
    sku: string;
    price: number;
  };
  /** A product's stock fell below its threshold. */
  INVENTORY_LOW: {
    productId: string;
    sku: string;
    available: number;
    threshold: number;
  };
  /** A payment for an order was received. */
  PAYMENT_RECEIVED: {
    paymentId: string;
    orderId: string;
    amount: number;
    currency: string;
  };
  /** A shipment was delivered. */
  SHIPMENT_DELIVERED: {
    shipmentId: string;
    orderId: string;
    carrier: string;
    deliveredAt: string;
  };
  /** A customer was created. */
  CUSTOMER_CREATED: {
    customerId: string;
    email: string;
    name: string;
  };
}

/** The catalogue of Elective Commerce: the data of each type of event, as its example has it. */
export interface ElectiveCommerceEvents {
  /** Fired immediately when a checkout intent is successfully verified. */
  "order.created": {
    orderId: string;
    total: number;
    currency: string;
    customer_id: string;
    status: string;
  };
  /** Fired when payment is confirmed by the gateway (Stripe/Paystack). */
  "order.paid": {
    orderId: string;
    total: number;
    currency: string;
    customer_id: string;
  };
  /** Fired when an order is marked as fulfilled in the dashboard. */
  "order.fulfilled": {
    orderId: string;
    customer_id: string;
    carrier: string;
    trackingNumber: string;
  };
  /** Fired when a new customer registers an account. */
  "customer.created": {
    customer_id: string;
    email: string;
    name: string;
  };
}

/** The catalogue of Etail Depot: the data of each type of event, as its example has it. */
export interface EtailDepotEvents {
  /** Payment completed successfully */
  "payment.succeeded": {
    id: string;
    amount: number;
    currency: string;
    status: string;
    customer: {
      id: string;
      email: string;
    };
  };
  /** Payment failed or was declined */
  "payment.failed": {
    id: string;
    amount: number;
    currency: string;
    status: string;
    failure_code: string;
    customer: {
      id: string;
      email: string;
    };
  };
  /** Payment was refunded */
  "payment.refunded": {
    id: string;
    amount: number;
    amount_refunded: number;
    currency: string;
    status: string;
    customer: {
      id: string;
      email: string;
    };
  };
  /** New order placed */
  "order.created": {
    id: string;
    total: number;
    currency: string;
    status: string;
    customer: {
      id: string;
      email: string;
    };
  };
  /** Order shipped or completed */
  "order.fulfilled": {
    id: string;
    status: string;
    tracking_number: string;
    customer: {
      id: string;
      email: string;
    };
  };
  /** Order was cancelled */
  "order.cancelled": {
    id: string;
    status: string;
    reason: string;
    customer: {
      id: string;
      email: string;
    };
  };
  /** Account information changed */
  "account.updated": {
    id: string;
    business_name: string;
    email: string;
  };
  /** New card was issued */
  "card.issued": {
    id: string;
    account: string;
    brand: string;
    last4: string;
    exp_month: number;
    exp_year: number;
  };
  /** New transaction recorded */
  "transaction.created": {
    id: string;
    amount: number;
    currency: string;
    type: string;
    payment: string;
  };
}

/** The catalogue of Litestore: the data of each type of event, as its example has it. */
export interface LitestoreEvents {
  /** Fired when creator content is submitted for review. */
  "content.submitted": {
    contentId: string;
    creatorId: string;
    productIds: string[];
    type: string;
    status: string;
    media: {
      type: string;
      url: string;
      caption: string;
    }[];
    submittedAt: string;
  };
  /** Fired when content is approved for publication. */
  "content.approved": {
    contentId: string;
    approvedBy: string;
    approvedAt: string;
    commission: {
      amount: number;
      currency: string;
      status: string;
    };
  };
  /** Fired when content is rejected. */
  "content.rejected": {
    contentId: string;
    rejectedBy: string;
    reason: string;
    feedback: string;
    rejectedAt: string;
  };
  /** Fired when a product is purchased. */
  "product.purchased": {
    orderId: string;
    productId: string;
    variantId: string;
    quantity: number;
    price: {
      amount: number;
      currency: string;
    };
    customer: {
      id: string;
      email: string;
    };
    referrer: {
      type: string;
      contentId: string;
      creatorId: string;
    };
    purchasedAt: string;
  };
  /** Fired when an order changes. */
  "order.updated": {
    orderId: string;
    status: string;
    previousStatus: string;
    updatedAt: string;
  };
  /** Fired when an order is fully processed. */
  "order.completed": {
    orderId: string;
    total: {
      amount: number;
      currency: string;
    };
    items: {
      productId: string;
      quantity: number;
      price: number;
    }[];
    customer: {
      id: string;
      email: string;
    };
    shipping: {
      method: string;
      cost: number;
      address: {
        street: string;
        city: string;
        state: string;
        zip: string;
        country: string;
      };
    };
    completedAt: string;
  };
  /** Fired when a new review is submitted. */
  "review.created": {
    reviewId: string;
    productId: string;
    userId: string;
    orderId: string;
    rating: number;
    title: string;
    content: string;
    verified: boolean;
    photos: string[];
    createdAt: string;
  };
  /** Fired when a review is approved for publication. */
  "review.approved": {
    reviewId: string;
    approvedBy: string;
    approvedAt: string;
  };
  /** Fired when a new creator signs up. */
  "creator.registered": {
    creatorId: string;
    email: string;
    name: string;
    website: string;
    verificationStatus: string;
    registeredAt: string;
  };
  /** Fired when a creator earns commission. */
  "commission.earned": {
    commissionId: string;
    creatorId: string;
    contentId: string;
    productId: string;
    orderId: string;
    amount: {
      value: number;
      currency: string;
    };
    rate: number;
    status: string;
    earnedAt: string;
  };
  /** Fired when a new user account is created. */
  "user.registered": {
    userId: string;
    email: string;
    name: string;
    registrationMethod: string;
    registeredAt: string;
  };
}

/** The catalogue of Standard Webhooks: the data of each type of event, as its example has it. */
export interface StandardEvents {
  /** An order was placed. */
  "order.created": {
    id: string;
    number: string;
    total: number;
    currency: string;
    customerId: string;
  };
  /** An order was paid in full. */
  "order.paid": {
    id: string;
    number: string;
    total: number;
    currency: string;
    paidAt: string;
  };
  /** An order was shipped or handed over. */
  "order.fulfilled": {
    id: string;
    number: string;
    carrier: string;
    trackingNumber: string;
  };
  /** An order was cancelled. */
  "order.cancelled": {
    id: string;
    number: string;
    reason: string;
  };
  /** A refund was made for an order. */
  "refund.created": {
    id: string;
    orderId: string;
    amount: number;
    currency: string;
  };
  /** A product was changed. */
  "product.updated": {
    id: string;
    title: string;
    price: number;
    currency: string;
  };
  /** A product's stock fell below its threshold. */
  "inventory.low": {
    productId: string;
    available: number;
    threshold: number;
  };
  /** A customer registered. */
  "customer.created": {
    id: string;
    email: string;
    name: string;
  };
}

/** The events of each profile that comes along. */
export interface ProfileEvents {
  "commerce-engine": CommerceEngineEvents;
  "commercio": CommercioEvents;
  "elective-commerce": ElectiveCommerceEvents;
  "etail-depot": EtailDepotEvents;
  "litestore": LitestoreEvents;
  "standard": StandardEvents;
}

export const profiles: Readonly<Record<keyof ProfileEvents, Profile>> = {
  "commerce-engine": {"name":"commerce-engine","signature":{"header":"x-commerce-signature","encoding":"hex"},"envelope":[{"name":"id","value":"event.id"},{"name":"type","value":"event.type"},{"name":"timestamp","value":"event.time","format":"rfc3339ms"},{"name":"data","value":"event.data"}]},
  "commercio": {"name":"commercio","signature":{"header":"x-commercio-signature","encoding":"hex"},"envelope":[{"name":"id","value":"event.id"},{"name":"event","value":"event.type"},{"name":"createdAt","value":"event.time","format":"rfc3339ms"},{"name":"data","value":"event.data"}]},
  "elective-commerce": {"name":"elective-commerce","signature":{"header":"X-E-Commerce-Signature","encoding":"hex"},"envelope":[{"name":"id","value":"event.id"},{"name":"event","value":"event.type"},{"name":"created_at","value":"event.time","format":"unix"},{"name":"data","value":"event.data"}]},
  "etail-depot": {"name":"etail-depot","signature":{"header":"etail-signature","encoding":"hex"},"envelope":[{"name":"id","value":"event.id"},{"name":"type","value":"event.type"},{"name":"created","value":"event.time","format":"unix"},{"name":"data","value":"event.data","wrap":"object"},{"name":"request","members":[{"name":"id","value":"request.id"},{"name":"idempotency_key","value":"request.idempotencyKey"}]}]},
  "litestore": {"name":"litestore","signature":{"header":"x-litestore-signature","encoding":"hex"},"envelope":[{"name":"event","value":"event.type"},{"name":"id","value":"event.id"},{"name":"timestamp","value":"event.time","format":"rfc3339"},{"name":"data","value":"event.data"}]},
  "standard": {"name":"standard","envelope":[{"name":"id","value":"event.id"},{"name":"type","value":"event.type"},{"name":"timestamp","value":"event.time","format":"rfc3339ms"},{"name":"data","value":"event.data"}]},
};
