package client

import (
	"context"
	"fmt"
	"iter"
	"net/url"
	"strconv"
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

// setText sets a parameter that is given.
func setText(q url.Values, name, value string) {
	if value != "" {
		q.Set(name, value)
	}
}

// pages yields the items of a list, page after page, from where the query begins. An
// error is the last that it yields. It ends with ctx, with the cause of that as its
// error.
func pages[T any](ctx context.Context, c *Client, path string, query url.Values) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		q := url.Values{} // of this round: the sequence can be gone through again
		for name, values := range query {
			q[name] = values
		}
		var none T
		for {
			var page Page[T]
			if err := c.do(ctx, call{method: "GET", path: path, query: q}, &page); err != nil {
				yield(none, err)
				return
			}
			for _, item := range page.Data {
				if err := context.Cause(ctx); err != nil {
					yield(none, err)
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
				yield(none, fmt.Errorf("GET %s: the cursor of the next page is that of this one: the list would never end", path))
				return
			}
			q.Set("cursor", *page.NextCursor)
		}
	}
}
