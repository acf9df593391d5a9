package client

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// A Page is a part of a list.
type Page[T any] struct {
	Data []T `json:"data"`
	// NextCursor leads to the page that follows; nil for none.
	NextCursor *string `json:"nextCursor"`
}

// Paging says which part of a list is asked for.
type Paging struct {
	// Limit is how many there are in a page, at most 100. Default: 50.
	Limit int
	// Cursor is the NextCursor of the page before. Default: the first page.
	Cursor string
}

func (p Paging) add(q url.Values) url.Values {
	if p.Limit != 0 {
		q.Set("limit", strconv.Itoa(p.Limit))
	}
	setText(q, "cursor", p.Cursor)
	return q
}

// setRange sets from and to, where they are given.
func setRange(q url.Values, from, to time.Time) {
	setTime(q, "from", from)
	setTime(q, "to", to)
}

func setTime(q url.Values, name string, t time.Time) {
	if !t.IsZero() {
		q.Set(name, t.UTC().Format(time.RFC3339Nano))
	}
}

// setText sets a parameter that is given.
func setText(q url.Values, name, value string) {
	if value != "" {
		q.Set(name, value)
	}
}

// pages yields the items of a list, page after page, from where the query begins. An
// error is the last that it yields. It ends with ctx, with the cause of that as its
// error.
func pages[T any](ctx context.Context, c *Client, query url.Values, path ...string) iter.Seq2[T, error] {
	list := pathOf(path...)
	return func(yield func(T, error) bool) {
		q := url.Values{} // of this round: the sequence can be gone through again
		for name, values := range query {
			q[name] = values
		}
		var none T
		for {
			var page Page[json.RawMessage]
			if err := c.do(ctx, call{method: http.MethodGet, path: list, query: q, items: true}, &page); err != nil {
				yield(none, err)
				return
			}
			for _, text := range page.Data {
				item, err := itemOf[T](ctx, text)
				if err != nil {
					yield(none, fmt.Errorf("GET %s: %w", list, err))
					return
				}
				if !yield(item, nil) {
					return
				}
			}
			if page.NextCursor == nil {
				return
			}
			if q.Get("cursor") == *page.NextCursor {
				yield(none, fmt.Errorf("GET %s: the cursor of the next page is that of this one: the list would never end", list))
				return
			}
			q.Set("cursor", *page.NextCursor)
		}
	}
}

// itemOf reads one thing of a list, unless ctx has ended.
func itemOf[T any](ctx context.Context, text json.RawMessage) (item T, err error) {
	if err := context.Cause(ctx); err != nil {
		return item, err
	}
	if err := json.Unmarshal(text, &item); err != nil {
		return item, err
	}
	tell(ctx, text)
	return item, nil
}
