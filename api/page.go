package api

// Limits of a list.
const (
	defaultLimit = 50
	maxLimit     = 100
)

// A page is the answer of every list.
type page[T any] struct {
	Data       []T     `json:"data"`
	NextCursor *string `json:"nextCursor"`
}

// newPage makes a page of at most limit items; one more tells that there is a
// next page.
func newPage[In, Out any](items []In, limit int, show func(*In) Out, cursor func(*In) string) page[Out] {
	p := page[Out]{Data: make([]Out, 0, min(len(items), limit))}
	for i := range items[:min(len(items), limit)] {
		p.Data = append(p.Data, show(&items[i]))
	}
	if len(items) > limit {
		next := cursor(&items[limit-1])
		p.NextCursor = &next
	}
	return p
}
