package billhook_test

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
)

// A delivery whose attempts all failed is dead, says why, and can be sent once more.
func ExampleClient_Retry() {
	var open atomic.Bool
	shop := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !open.Load() {
			http.Error(w, "closed for repairs", http.StatusBadGateway)
		}
	})
	withReceiver(shop, func(ctx context.Context, url string) error {
		return with(ctx, "shop.db", billhook.Config{AllowInsecure: true}, func(client *billhook.Client) error {
			_, err := client.Register(ctx, billhook.Registration{
				URL: url, Events: []string{"order.*"},
				RetryPolicy: &profile.RetryPolicy{Delays: []time.Duration{10 * time.Millisecond, 20 * time.Millisecond}},
			})
			if err != nil {
				return err
			}
			if _, err := client.Emit(ctx, billhook.Emission{Type: "order.paid", Data: []byte(`{"orderId":"o_1"}`)}); err != nil {
				return err
			}
			dead := show(ctx, client, billhook.StatusDead)

			attempts, err := client.Attempts(ctx, dead.StoreID, dead.ID)
			if err != nil {
				return err
			}
			for _, attempt := range attempts {
				fmt.Println(attempt.Number, attempt.StatusCode)
			}

			open.Store(true) // the shop is back
			if _, err := client.Retry(ctx, dead.StoreID, dead.ID); err != nil {
				return err
			}
			show(ctx, client, billhook.StatusDelivered)
			return nil
		})
	})
	// Output:
	// order.paid dead after 3 attempts: 502
	// 1 502
	// 2 502
	// 3 502
	// order.paid delivered after 4 attempts: 200
}

// What comes for a webhook that is not active can wait for it.
func ExampleClient_Update_held() {
	inFolder(func(ctx context.Context, url string) error {
		return with(ctx, "shop.db", billhook.Config{AllowInsecure: true}, func(client *billhook.Client) error {
			hook, err := client.Register(ctx, billhook.Registration{
				URL: url, Events: []string{"*"},
				WebhookSettings: billhook.WebhookSettings{WhenInactive: billhook.InactiveHold},
			})
			if err != nil {
				return err
			}
			if _, err := client.Deactivate(ctx, hook.StoreID, hook.ID); err != nil {
				return err
			}
			if _, err := client.Emit(ctx, billhook.Emission{Type: "order.paid", Data: []byte(`{}`)}); err != nil {
				return err
			}
			show(ctx, client, billhook.StatusHeld)

			active := true
			_, err = client.Update(ctx, hook.StoreID, hook.ID, billhook.WebhookChange{
				IsActive:       &active,
				HeldDeliveries: &billhook.Release{RatePerSecond: 20}, // or Action: billhook.ReleaseDrop
			})
			if err != nil {
				return err
			}
			show(ctx, client, billhook.StatusDelivered)
			return nil
		})
	})
	// Output:
	// order.paid held after 0 attempts: 0
	// order.paid delivered after 1 attempt: 204
}

// A webhook that was added later gets what it missed.
func ExampleClient_StartRecovery() {
	inFolder(func(ctx context.Context, url string) error {
		return with(ctx, "shop.db", billhook.Config{AllowInsecure: true}, func(client *billhook.Client) error {
			since := time.Now().Add(-time.Hour)
			if _, err := client.Emit(ctx, billhook.Emission{Type: "order.paid", Data: []byte(`{}`)}); err != nil {
				return err
			}
			hook, err := client.Register(ctx, billhook.Registration{URL: url, Events: []string{"order.*"}})
			if err != nil {
				return err
			}
			recovery, err := client.StartRecovery(ctx, billhook.RecoveryRequest{
				RecoveryPlan: billhook.RecoveryPlan{Kind: billhook.RecoveryReplay, WebhookID: hook.ID, From: since},
			})
			if err != nil {
				return err
			}
			fmt.Println(recovery.Kind, recovery.Status)
			show(ctx, client, billhook.StatusDelivered)
			return nil
		})
	})
	// Output:
	// replay running
	// order.paid delivered after 1 attempt: 204
}

// What is known of a customer is erased; the record of what was sent stays.
func ExampleClient_Erase() {
	inFolder(func(ctx context.Context, url string) error {
		return with(ctx, "shop.db", billhook.Config{
			AllowInsecure: true,
			Retention:     billhook.Retention{PayloadDays: 30, AttemptDays: 90, AuditDays: 400},
		}, func(client *billhook.Client) error {
			ann := billhook.Reference{Type: "customer", ID: "c_1001"}
			event, err := client.Emit(ctx, billhook.Emission{Type: "customer.created", Data: []byte(`{"name":"Ann"}`), Entity: ann})
			if err != nil {
				return err
			}
			erasure, err := client.Erase(ctx, billhook.DefaultStore, ann)
			if err != nil {
				return err
			}
			for erasure.FinishedAt.IsZero() {
				time.Sleep(5 * time.Millisecond)
				if erasure, err = client.Erasure(ctx, billhook.DefaultStore, erasure.ID); err != nil {
					return err
				}
			}
			event, err = client.Event(ctx, billhook.DefaultStore, event.ID)
			fmt.Printf("%s %q %v\n", event.Type, event.Data, event.Entity.ID)
			return err
		})
	})
	// Output:
	// customer.created "" c_1001
}
