package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/internal/postgrestest"
	"github.com/billhook/billhook/internal/sqlstore"
	"github.com/billhook/billhook/postgres"
	"github.com/billhook/billhook/profile"
	"github.com/billhook/billhook/sqlite"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m)) }

// A place is where a database is, to be opened again and again.
type place struct {
	name     string
	at       string // a path or a URL
	open     func() (billhook.Database, error)
	from, to func() (*sqlstore.Side, error)
	// text is how text comes back from here, and sql how a statement is written.
	text, sql func(string) string
}

func filePlace(t testing.TB) place {
	path := filepath.Join(t.TempDir(), "billhook.db")
	return place{
		name: "sqlite", at: path,
		open: func() (billhook.Database, error) { return sqlite.Open(path, sqlite.Options{}) },
		from: func() (*sqlstore.Side, error) { return sqlite.CopyFrom(path) },
		to:   func() (*sqlstore.Side, error) { return sqlite.CopyTo(path) },
		text: func(s string) string { return s },
		sql:  func(s string) string { return strings.ReplaceAll(s, "billhook.", "billhook_") },
	}
}

func serverPlace(t testing.TB) place {
	ctx, url := context.Background(), postgrestest.Shared(t).Database(t)
	return place{
		name: "postgres", at: url,
		open: func() (billhook.Database, error) { return postgres.Open(ctx, url, postgres.Options{}) },
		from: func() (*sqlstore.Side, error) { return postgres.CopyFrom(ctx, url) },
		to:   func() (*sqlstore.Side, error) { return postgres.CopyTo(ctx, url) },
		text: func(s string) string { return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD") },
		sql:  func(s string) string { return s },
	}
}

// use opens the place's database for the engine.
func use(t testing.TB, p place) billhook.Database {
	t.Helper()
	db, err := p.open()
	check(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// copyOnce runs a copy; change, where there is one, sees its sides before.
func copyOnce(t testing.TB, from, to place, rows int, change func(from, to *sqlstore.Side)) (*sqlstore.Proof, error) {
	t.Helper()
	source, err := from.from()
	check(t, err)
	defer source.Close()
	target, err := to.to()
	check(t, err)
	defer target.Close()
	if change != nil {
		change(source, target)
	}
	c := sqlstore.Copy{From: source, To: target, Rows: rows}
	return c.Run(context.Background())
}

// proved wants a proof that both sides have the same.
func proved(t testing.TB, p *sqlstore.Proof, err error) {
	t.Helper()
	check(t, err)
	for _, c := range p.Tables {
		if !c.Equal() {
			t.Errorf("%s: %+v here, %+v there", c.Table, c.From, c.To)
		}
	}
	if p.FinishedAt.IsZero() {
		t.Error("not finished")
	}
}

func at(seconds int) time.Time {
	return time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC).Add(time.Duration(seconds) * time.Second)
}

// odd is a header that PostgreSQL cannot hold as it is.
const odd = "X-Ünicode: ✓\nX-Odd: a\x00b\xff\xfe"

// fill puts in a bit of everything, events enough for n of each kind.
func fill(t *testing.T, p place, n int) {
	t.Helper()
	db := use(t, p)
	check(t, db.Join(context.Background()))
	f := &filling{t: t, db: db}
	f.configure()
	for i := range n {
		f.lives(i)
	}
	f.recovers()
	check(t, db.Close())
}

type filling struct {
	t  *testing.T
	db billhook.Database
}

func (f *filling) commit(b *billhook.Batch) {
	f.t.Helper()
	check(f.t, f.db.Commit(context.Background(), b))
}

func (f *filling) configure() {
	b := &billhook.Batch{}
	for _, s := range []billhook.Store{
		{ID: "default", Name: "default", Profile: "standard", CreatedAt: at(0), UpdatedAt: at(0)},
		{ID: "Zwei.2", Name: "Zürich ✓ 𝄞", Profile: "litestore", CreatedAt: at(1), UpdatedAt: at(2)},
		{ID: "gone", Name: "", Profile: "standard", CreatedAt: at(1), UpdatedAt: at(2), DeletedAt: at(2)},
	} {
		b.Stores = append(b.Stores, &billhook.StoreWrite{Store: s, Create: true})
	}
	attempts := 7
	for _, w := range []billhook.Webhook{
		{StoreID: "default", ID: "wh_1", URL: "https://shop.example.com/ü?a=1", Events: []string{"order.*", "*"}, Name: "Läden", Description: "a\nb", IsActive: true,
			RetryPolicy: &profile.RetryPolicy{MaxAttempts: attempts, BackoffMultiplier: 1.5}, Headers: map[string]string{"X-A": "ä", "X-B": ""},
			Secrets:  []billhook.Secret{{Value: "whsec_new"}, {Value: "whsec_old", ExpiresAt: at(9999)}},
			KeyPairs: []billhook.KeyPair{{Public: "whpk_new", Secret: billhook.Secret{Sealed: "v1:a:a2V5"}}}, OverlapSignature: billhook.SignNew,
			CreatedAt: at(3), UpdatedAt: at(4)},
		{StoreID: "default", ID: "wh_2", URL: "https://example.com", CreatedAt: at(3), UpdatedAt: at(3), DeletedAt: at(3)},
		{StoreID: "Zwei.2", ID: "wh_1", URL: "https://example.com/2", Events: []string{"*"}, IsActive: true, Secrets: []billhook.Secret{{Value: "s"}}, CreatedAt: at(3), UpdatedAt: at(3)},
	} {
		b.Webhooks = append(b.Webhooks, &billhook.WebhookWrite{Webhook: w, Create: true})
	}
	for _, k := range []billhook.APIKey{
		{ID: "key_1", Name: "für alle", Prefix: "bhk_ALL", Salt: []byte{0, 1, 0xff}, Hash: []byte{0xfe, 0}, Permissions: []string{"*"}, CreatedAt: at(5), UpdatedAt: at(5)},
		{StoreID: "default", ID: "key_1", Name: "one", Prefix: "bhk_ONE", Salt: []byte("s"), Hash: []byte("h"), Permissions: []string{"events:emit", "webhooks:read"},
			CreatedAt: at(5), UpdatedAt: at(6), ExpiresAt: at(99999), RevokedAt: at(6)},
	} {
		b.Keys = append(b.Keys, &billhook.KeyWrite{Key: k, Create: true})
	}
	for _, name := range []string{"order.paid", "gültig/<&>"} {
		t := billhook.EventType{StoreID: b.Stores[0].Store.ID, Name: name, CreatedAt: at(1), UpdatedAt: at(2)}
		t.Versions = []billhook.SchemaVersion{{Number: 1, Schema: `{"title":"<&>"}`, CreatedAt: at(1)}}
		b.EventTypes = append(b.EventTypes, &billhook.EventTypeWrite{EventType: t, Create: true})
	}
	b.EventTypes = append(b.EventTypes, &billhook.EventTypeWrite{EventType: billhook.EventType{StoreID: b.Stores[0].Store.ID, Name: "bare"}, Create: true})
	f.commit(b)
}

// recovers has one recovery run, one over, and an event replayed by each.
func (f *filling) recovers() {
	f.t.Helper()
	for i, status := range []billhook.RecoveryStatus{billhook.RecoveryRunning, billhook.RecoveryDone} {
		r := billhook.Recovery{StoreID: "default", ID: fmt.Sprint("rcv_", i), Status: billhook.RecoveryRunning, CreatedAt: at(1), UpdatedAt: at(2)}
		r.RecoveryPlan = billhook.RecoveryPlan{Kind: billhook.RecoveryReplay, WebhookID: "wh_ü", Types: []string{"ö"}, From: at(3), RatePerSecond: 7}
		if i > 0 {
			r.IdempotencyKey = "key ~"
		}
		step := &billhook.RecoveryStep{Recovery: r, Replays: []billhook.Pending{{
			Lane: billhook.Lane{StoreID: "default", WebhookID: "wh_ü"}, Position: billhook.Position{DueAt: at(9), ID: fmt.Sprint("dlv_replay_", i)},
			EventID: fmt.Sprint("evt_", i), EventType: "order.paid", CreatedAt: at(4),
		}}}
		step.Recovery.Step, step.Recovery.Status, step.Recovery.After = 1, status, billhook.EventPosition{CreatedAt: at(5), ID: "evt"}
		f.commit(&billhook.Batch{Recoveries: []*billhook.RecoveryWrite{{Recovery: r}}, RecoverySteps: []*billhook.RecoveryStep{step}})
		if len(step.Deliveries) != 1 {
			f.t.Fatalf("%+v", step)
		}
	}
}

// lives are events of which every delivery takes another way.
func (f *filling) lives(i int) {
	f.t.Helper()
	store := []string{"default", "Zwei.2"}[i%2]
	ways := []string{"waits", "delivered", "again", "dead", "late", "cancelled", "retried"}
	e := &billhook.Emit{OwnID: i%3 > 0, Event: billhook.Event{
		StoreID: store, ID: fmt.Sprintf("evt_%d:%d", i%7, i), Type: "order.paid", Data: []byte{'"', 0, 0xff, byte(i), '"'},
		// Weeks apart, the first ones years ago.
		OccurredAt: at(i), CreatedAt: at(i*86400*9).AddDate(-2, 0, 0), Deliveries: len(ways),
	}}
	switch i % 4 {
	case 0:
		e.Event.Data = []byte{}
	case 1:
		e.Event.IdempotencyKey = fmt.Sprintf("key ~ %d", i)
		e.Event.Entity, e.Event.Actor = billhook.Reference{Type: "order", ID: "ö_1"}, billhook.Reference{Type: "user", ID: "u"}
	}
	for j := range ways {
		e.Deliveries = append(e.Deliveries, billhook.Pending{
			Lane:     billhook.Lane{StoreID: store, WebhookID: fmt.Sprintf("wh_%d", j)},
			Position: billhook.Position{DueAt: at(i), ID: fmt.Sprintf("dlv_%d_%d", i, j)},
			EventID:  e.Event.ID, EventType: e.Event.Type, CreatedAt: e.Event.CreatedAt,
		})
	}
	f.commit(&billhook.Batch{Emits: []*billhook.Emit{e}})
	for j, way := range ways {
		d := e.Deliveries[j]
		switch way {
		case "delivered":
			f.attempt(&d, billhook.StatusDelivered)
		case "again":
			f.attempt(&d, billhook.StatusPending)
			f.attempt(&d, billhook.StatusPending)
		case "dead":
			f.attempt(&d, billhook.StatusPending)
			f.attempt(&d, billhook.StatusDead)
		case "late":
			f.attempt(&d, billhook.StatusPending)
			f.attempt(&d, billhook.StatusDelivered)
		case "cancelled":
			f.attempt(&d, billhook.StatusPending)
			f.commit(&billhook.Batch{Cancels: []*billhook.Cancel{{Lane: d.Lane, Reason: "the webhook was deleted", At: at(i), Limit: 100}}})
		case "retried":
			f.attempt(&d, billhook.StatusDead)
			f.commit(&billhook.Batch{Retries: []*billhook.Retry{{StoreID: store, DeliveryID: d.ID, DueAt: at(i + 5)}}})
		}
	}
}

func (f *filling) attempt(d *billhook.Pending, status billhook.Status) {
	f.t.Helper()
	o := &billhook.Outcome{Delivery: *d, Status: status, Attempt: billhook.Attempt{
		StoreID: d.StoreID, DeliveryID: d.ID, Number: d.Attempts + 1, StartedAt: d.DueAt.Add(time.Minute), Duration: 1234567,
		URL: "https://shop.example.com/ü", StatusCode: 200, ResponseHeaders: odd, ResponseBody: []byte("ok\x00\xff"),
	}}
	if status != billhook.StatusDelivered {
		o.Attempt.StatusCode, o.Attempt.Failure, o.Attempt.Error, o.Reason = 0, billhook.FailureConnect, "no route", "no connection"
		o.Attempt.ResponseHeaders, o.Attempt.ResponseBody = "", nil
	}
	if status == billhook.StatusPending {
		o.NextAttemptAt = at(1000)
	}
	f.commit(&billhook.Batch{Outcomes: []*billhook.Outcome{o}})
	if o.Stale {
		f.t.Fatal("stale")
	}
	d.Attempts, d.DueAt = d.Attempts+1, o.NextAttemptAt
}

func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

func wantError(t *testing.T, err, is error, says string) {
	t.Helper()
	if err == nil || is != nil && !errors.Is(err, is) || !strings.Contains(err.Error(), says) {
		t.Errorf("%v, want one that is %v and says %q", err, is, says)
	}
}
