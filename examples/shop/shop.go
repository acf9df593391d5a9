package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"strconv"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/postgres"
	"github.com/billhook/billhook/receive"
	"github.com/billhook/billhook/sqlite"
)

// A shop has its orders and Billhook's tables in one database, so that one transaction can
// write to both.
type shop struct {
	orders *sql.DB
	db     billhook.Database
	client *billhook.Client
}

// open opens the file, or the PostgreSQL database where there is a URL.
func open(ctx context.Context, file, url string) (*shop, error) {
	s := new(shop)
	var err error
	if url != "" {
		s.db, err = postgres.Open(ctx, url, postgres.Options{})
	} else {
		s.db, err = sqlite.Open(file, sqlite.Options{})
	}
	if err != nil {
		return nil, err
	}
	// A receiver on this machine is for development; leave AllowInsecure out elsewhere.
	if s.client, err = billhook.New(s.db, billhook.Config{AllowInsecure: true}); err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	if url != "" {
		s.orders, err = sql.Open("pgx", url)
	} else {
		// The same file. _txlock=immediate has a transaction wait for others at its beginning.
		s.orders, err = sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(5000)&_txlock=immediate")
	}
	if err == nil {
		_, err = s.orders.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, total BIGINT NOT NULL)")
	}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *shop) close() error {
	err := s.client.Close()
	if s.orders != nil {
		err = errors.Join(err, s.orders.Close())
	}
	return errors.Join(err, s.db.Close())
}

// warehouseSecret is known to both ends here. A shop lets Billhook make one, and shows it to
// the merchant once.
const warehouseSecret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=" // #nosec G101 -- an example's

// tell registers who is told of orders. The webhook has an id of its own, so that it is one,
// however often the shop is started.
func (s *shop) tell(ctx context.Context, url string) error {
	const id = "warehouse"
	_, err := s.client.Update(ctx, billhook.DefaultStore, id, billhook.WebhookChange{URL: &url})
	if billhook.ErrorCode(err) != billhook.CodeNotFound {
		return err
	}
	_, err = s.client.Register(ctx, billhook.Registration{ID: id, URL: url, Events: []string{"order.*"}, Secret: warehouseSecret})
	return err
}

// most is what an order may come to, in cents.
const most = 100_000

var errRefused = errors.New("the payment is refused")

// place writes an order and its event, or neither.
func (s *shop) place(ctx context.Context, total int64) (id string, err error) {
	tx, err := s.orders.BeginTx(ctx, nil)
	if err != nil {
		return "", err
	}
	defer tx.Rollback() // does nothing after the commit
	id = "o_" + rand.Text()
	if _, err := tx.ExecContext(ctx, "INSERT INTO orders (id, total) VALUES ($1, $2)", id, total); err != nil { // #nosec G701 -- both are arguments
		return "", err
	}
	data, err := json.Marshal(map[string]any{"orderId": id, "total": total})
	if err != nil {
		return "", err
	}
	_, err = s.client.EmitTx(ctx, tx, billhook.Emission{
		Type: "order.paid", Data: data, Entity: billhook.Reference{Type: "order", ID: id},
	})
	if err != nil {
		return "", err
	}
	if total > most { // found out last: neither the order nor the event are there
		return "", errRefused
	}
	return id, tx.Commit()
}

// placed are the ids of all orders.
func (s *shop) placed(ctx context.Context) ([]string, error) {
	rows, err := s.orders.QueryContext(ctx, "SELECT id FROM orders ORDER BY id")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	ids := []string{}
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

func (s *shop) handler() (http.Handler, error) {
	verifier, err := receive.New(receive.Config{Secrets: []string{warehouseSecret}})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders", func(w http.ResponseWriter, r *http.Request) {
		total, err := strconv.ParseInt(r.FormValue("total"), 10, 64)
		if err != nil || total <= 0 {
			http.Error(w, "total: give a number of cents", http.StatusUnprocessableEntity)
			return
		}
		id, err := s.place(r.Context(), total)
		switch {
		case errors.Is(err, errRefused):
			http.Error(w, err.Error(), http.StatusPaymentRequired)
		case err != nil:
			log.Print(err)
			http.Error(w, "no orders can be taken now", http.StatusServiceUnavailable)
		default:
			w.WriteHeader(http.StatusCreated)
			fmt.Fprintln(w, id) // #nosec G705 -- letters and digits, made here
		}
	})
	mux.HandleFunc("GET /orders", func(w http.ResponseWriter, r *http.Request) {
		ids, err := s.placed(r.Context())
		if err != nil {
			log.Print(err)
			http.Error(w, "the orders cannot be read now", http.StatusServiceUnavailable)
			return
		}
		_ = json.NewEncoder(w).Encode(ids) // the caller may be gone
	})
	mux.Handle("POST /warehouse", verifier.Handler(func(_ context.Context, m receive.Message) error {
		fmt.Printf("the warehouse has verified %s %s\n", m.Type, m.Data)
		return nil
	}))
	return mux, nil
}
