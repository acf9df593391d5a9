package postgres

import "github.com/jackc/pgx/v5/pgtype"

// texts is a column of TEXT as an array. pgx would find its way through a
// []*string by reflection, which costs as much as all the rest of a batch.
type texts []*string

var _ pgtype.ArrayGetter = texts(nil)

func (a texts) Dimensions() []pgtype.ArrayDimension { return dimensions(len(a)) }
func (a texts) IndexType() any                      { return (*string)(nil) }

// Index is nil for NULL.
func (a texts) Index(i int) any {
	if a[i] == nil {
		return nil
	}
	return a[i]
}

// blobs is a column of BYTEA as an array.
type blobs [][]byte

var _ pgtype.ArrayGetter = blobs(nil)

func (a blobs) Dimensions() []pgtype.ArrayDimension { return dimensions(len(a)) }
func (a blobs) IndexType() any                      { return []byte(nil) }

// Index is nil for NULL.
func (a blobs) Index(i int) any {
	if a[i] == nil {
		return nil
	}
	return a[i]
}

func dimensions(n int) []pgtype.ArrayDimension {
	return []pgtype.ArrayDimension{{Length: int32(n), LowerBound: 1}}
}
