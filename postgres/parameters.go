package postgres

import (
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5/pgtype"
)

// parameters are a statement's arguments in the form in which they are sent:
// arrays in PostgreSQL's binary form, single values but BYTEA as text. pgx finds
// out how to write each element of an array anew, which takes several times as
// long as writing it. The memory is used again.
type parameters struct {
	values  [][]byte
	formats []int16

	buf  []byte
	ends []int // of the values in buf
}

const (
	textFormat, binaryFormat = 0, 1
	// keptBuffer is the most memory that is kept, in bytes. More is for batches of
	// large payloads only.
	keptBuffer = 4 << 20
)

// set replaces the arguments. They hold until the next call.
func (p *parameters) set(args []any) error {
	if cap(p.buf) > keptBuffer {
		p.buf = nil
	}
	p.values, p.formats, p.buf, p.ends = p.values[:0], p.formats[:0], p.buf[:0], p.ends[:0]
	for _, arg := range args {
		format, err := p.write(arg)
		if err != nil {
			return err
		}
		p.formats = append(p.formats, format)
		p.ends = append(p.ends, len(p.buf))
	}
	start := 0 // of the next value, now that the buffer has its place
	for i, end := range p.ends {
		if args[i] == nil {
			p.values = append(p.values, nil)
		} else {
			p.values = append(p.values, p.buf[start:end:end])
		}
		start = end
	}
	return nil
}

func (p *parameters) write(arg any) (format int16, err error) {
	switch arg := arg.(type) {
	case nil:
		return textFormat, nil
	case string:
		p.buf = append(p.buf, arg...)
		return textFormat, nil
	case int64:
		p.buf = strconv.AppendInt(p.buf, arg, 10)
		return textFormat, nil
	case []byte:
		p.buf = append(p.buf, arg...)
	case texts:
		p.array(pgtype.TextOID, len(arg))
		for _, s := range arg {
			if s == nil {
				p.null()
				continue
			}
			p.length(len(*s))
			p.buf = append(p.buf, *s...)
		}
	case blobs:
		p.array(pgtype.ByteaOID, len(arg))
		for _, b := range arg {
			if b == nil {
				p.null()
				continue
			}
			p.length(len(b))
			p.buf = append(p.buf, b...)
		}
	case []int64:
		p.array(pgtype.Int8OID, len(arg))
		for _, n := range arg {
			p.number(n)
		}
	case []*int64:
		p.array(pgtype.Int8OID, len(arg))
		for _, n := range arg {
			if n == nil {
				p.null()
				continue
			}
			p.number(*n)
		}
	default:
		return 0, fmt.Errorf("an argument is a %T", arg)
	}
	return binaryFormat, nil
}

// array begins an array of one dimension, as array_send in the server's source
// has it: dimensions, whether there may be NULLs, the elements' type, how many,
// and the first one's index.
func (p *parameters) array(element uint32, n int) {
	dimensions := uint32(1)
	if n == 0 {
		dimensions = 0
	}
	p.buf = binary.BigEndian.AppendUint32(p.buf, dimensions)
	p.buf = binary.BigEndian.AppendUint32(p.buf, 1)
	p.buf = binary.BigEndian.AppendUint32(p.buf, element)
	if n > 0 {
		p.buf = binary.BigEndian.AppendUint32(p.buf, uint32(n))
		p.buf = binary.BigEndian.AppendUint32(p.buf, 1)
	}
}

func (p *parameters) length(n int) { p.buf = binary.BigEndian.AppendUint32(p.buf, uint32(n)) }

func (p *parameters) null() { p.buf = binary.BigEndian.AppendUint32(p.buf, 1<<32-1) }

func (p *parameters) number(n int64) {
	p.length(8)
	p.buf = binary.BigEndian.AppendUint64(p.buf, uint64(n))
}
