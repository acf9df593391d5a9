package api

// Limits of a list.
const (
	defaultLimit = 50
	maxLimit     = 100
	// maxPageBytes bounds the payloads of a page: it is in memory as long as its
	// caller takes to read it.
	maxPageBytes = 8 << 20
)

// A page is the answer of every list.
type page[T any] struct {
	Data       []T     `json:"data"`
	NextCursor *string `json:"nextCursor"`
}

// fitting is how many of the items, at most limit, have room in a page: at least one.
func fitting[T any](items []T, limit int, size func(*T) int) int {
	bytes := 0
	for i := range items[:min(len(items), limit)] {
		if bytes += size(&items[i]); bytes > maxPageBytes && i > 0 {
			return i
		}
	}
	return limit
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
