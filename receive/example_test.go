package receive_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	_ "modernc.org/sqlite"

	"github.com/billhook/billhook/profile"
	"github.com/billhook/billhook/receive"
	"github.com/billhook/billhook/receive/receivetest"
)

// secret is what the sender showed when the webhook was registered. It belongs
// into the environment: os.Getenv("WEBHOOK_SECRET").
const secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

// Verified by the Standard Webhooks headers, which every delivery carries, and
// each event handled once.
func Example() {
	v, err := receive.New(receive.Config{Secrets: []string{secret}})
	if err != nil {
		log.Fatal(err)
	}
	once := receive.Memory(0, 0)
	mux := http.NewServeMux()
	mux.Handle("POST /webhooks", v.Handler(once.Each(func(ctx context.Context, m receive.Message) error {
		fmt.Printf("%s: %s\n", m.Type, m.Data)
		return nil // answers 204; an error answers 500, and the sender tries again
	})))

	// In place of http.ListenAndServe, and of a sender that delivers twice.
	server := httptest.NewServer(mux)
	defer server.Close()
	d := receivetest.New("standard", secret, "order.paid", `{"orderId": "o_1"}`)
	for range 2 {
		fmt.Println(post(server.URL+"/webhooks", d))
	}
	// Output:
	// order.paid: {"orderId":"o_1"}
	// 204
	// 204
}

// A platform's own profile: what is in its envelope is in the Message. Its own
// header counts here, which a document asks for; without Scheme the Standard
// Webhooks headers do, which are safer.
func ExampleNew_profile() {
	v, err := receive.New(receive.Config{
		Secrets: []string{secret},
		Profile: "litestore",
		Scheme:  receive.ProfileHeader,
	})
	if err != nil {
		log.Fatal(err)
	}
	d := receivetest.New("litestore", secret, "product.purchased", `{"orderId":"order-777","quantity":1}`)
	m, err := v.Verify(d.Header, d.Body)
	fmt.Println(m.Type, string(m.Data), err)

	d.Header.Del("x-litestore-signature")
	_, err = v.Verify(d.Header, d.Body)
	fmt.Println(err)
	// Output:
	// product.purchased {"orderId":"order-777","quantity":1} <nil>
	// signature header missing (x-litestore-signature)
}

// Before your own handler: it reads the body as it came.
func ExampleVerifier_Middleware() {
	v, err := receive.New(receive.Config{Secrets: []string{secret}})
	if err != nil {
		log.Fatal(err)
	}
	h := v.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m, _ := receive.MessageFrom(r.Context())
		fmt.Fprintln(w, "thanks for", m.Type)
	}))

	w := httptest.NewRecorder()
	h.ServeHTTP(w, receivetest.New("standard", secret, "order.paid", `{}`).Request())
	fmt.Print(w.Body)
	// Output:
	// thanks for order.paid
}

// In the receiver's own transaction an event is handled exactly once: what it
// changes and that it was seen commit together.
func ExampleInbox() {
	db, err := sql.Open("sqlite", "file:shop?mode=memory&cache=shared")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	inbox := receive.Inbox{Dialect: receive.SQLite}
	ddl, err := inbox.DDL()
	if err != nil {
		log.Fatal(err)
	}
	if _, err := db.Exec(ddl + "; CREATE TABLE paid (event TEXT)"); err != nil {
		log.Fatal(err)
	}

	v, err := receive.New(receive.Config{Secrets: []string{secret}})
	if err != nil {
		log.Fatal(err)
	}
	h := v.Handler(func(ctx context.Context, m receive.Message) error {
		return inbox.Do(ctx, db, m.ID, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "INSERT INTO paid (event) VALUES (?)", m.ID)
			return err
		})
	})

	d := receivetest.New("standard", secret, "order.paid", `{"orderId":"o_1"}`)
	for range 3 {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, d.Request())
		fmt.Println(w.Code)
	}
	var paid int
	if err := db.QueryRow("SELECT count(*) FROM paid").Scan(&paid); err != nil {
		log.Fatal(err)
	}
	fmt.Println(paid, "paid")
	// Output:
	// 204
	// 204
	// 204
	// 1 paid
}

// A webhook with batches: verified once, and each event handled once, though the batch,
// or a part of it, may come again.
func ExampleVerifier_BatchHandler() {
	v, err := receive.New(receive.Config{Secrets: []string{secret}})
	if err != nil {
		log.Fatal(err)
	}
	once := receive.Memory(0, 0)
	h := v.BatchHandler(once.Each(func(ctx context.Context, m receive.Message) error {
		fmt.Println(m.ID, string(m.Data))
		return nil
	}))

	p, _ := profile.Named("standard")
	event := func(id, data string) profile.Event {
		return profile.Event{ID: id, Type: "order.paid", Time: time.Now(), Data: []byte(data)}
	}
	first, second, third := event("evt_1", `{"n":1}`), event("evt_2", `{"n":2}`), event("evt_3", `{"n":3}`)
	for _, d := range []*receivetest.Delivery{
		receivetest.SignBatch(p, []string{secret}, "batch_a", time.Now(), first, second),
		receivetest.SignBatch(p, []string{secret}, "batch_b", time.Now(), second, third),
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, d.Request())
		fmt.Println(w.Code)
	}
	// Output:
	// evt_1 {"n":1}
	// evt_2 {"n":2}
	// 204
	// evt_3 {"n":3}
	// 204
}

// post delivers and returns the status.
func post(url string, d *receivetest.Delivery) int {
	r := d.Request()
	r, err := http.NewRequest(r.Method, url, r.Body)
	if err != nil {
		log.Fatal(err)
	}
	r.Header = d.Header
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}
