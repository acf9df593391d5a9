package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/billhook/billhook"
)

// A reader reads the JSON object in a request's body, member by member, in one
// pass and without reflection, since the emit path goes through it. It is
// strict: unknown and duplicate members are errors, and every error points at
// its member. What raw returns may be any JSON, also with duplicate members.
type reader struct {
	text []byte
	dec  *jsontext.Decoder
}

// readBody reads all of text with read.
func readBody(text []byte, read func(*reader) error) error {
	if len(bytes.TrimLeft(text, " \t\r\n")) == 0 {
		return &billhook.Error{Code: billhook.CodeInvalidJSON, Message: "the body is empty"}
	}
	if !utf8.Valid(text) {
		return &billhook.Error{Code: billhook.CodeInvalidJSON, Message: "the body is not UTF-8"}
	}
	// The options let \ud800 through, which is legal in a payload. Raw bytes
	// that are not UTF-8 are out already, and names are checked here.
	rd := &reader{text: text, dec: jsontext.NewDecoder(bytes.NewBuffer(text),
		jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))}
	if err := read(rd); err != nil {
		return err
	}
	if _, err := rd.dec.ReadToken(); err != io.EOF {
		return &billhook.Error{Code: billhook.CodeInvalidJSON, Message: "the body goes on after its JSON object"}
	}
	return nil
}

// pointer is where the value lies that was read last.
func (rd *reader) pointer() string { return string(rd.dec.StackPointer()) }

// refuse says what is wrong with the value that was read last.
func (rd *reader) refuse(format string, args ...any) error {
	return &billhook.Error{Code: billhook.CodeInvalid, Pointer: rd.pointer(), Message: fmt.Sprintf(format, args...)}
}

// missing says that the object that was read last lacks a member.
func (rd *reader) missing(name string) error {
	return &billhook.Error{Code: billhook.CodeInvalid, Pointer: rd.pointer() + "/" + name, Message: "is missing"}
}

// syntax turns the decoder's error into ours.
func (rd *reader) syntax(err error) error {
	var bad *jsontext.SyntacticError
	switch {
	case errors.As(err, &bad) && strings.Contains(bad.Err.Error(), "max depth"):
		return &billhook.Error{Code: billhook.CodeTooDeep, Pointer: rd.pointer(), Message: "is nested too deeply"}
	case errors.As(err, &bad):
		pointer := string(bad.JSONPointer)
		if len(pointer) > 256 {
			pointer = rd.pointer()
		}
		return &billhook.Error{
			Code:    billhook.CodeInvalidJSON,
			Pointer: pointer,
			Message: fmt.Sprintf("not JSON at byte %d: %v", bad.ByteOffset, bad.Err),
		}
	}
	return &billhook.Error{Code: billhook.CodeInvalidJSON, Message: "the body ends before its JSON does", Err: err}
}

// object reads an object whose members are all among names (at most 32) and
// calls read for each, which must read one value.
func (rd *reader) object(names []string, read func(name string) error) error {
	if err := rd.open('{', "an object"); err != nil {
		return err
	}
	seen := uint32(0)
	for rd.dec.PeekKind() != '}' {
		quoted, err := rd.dec.ReadValue()
		if err != nil {
			return rd.syntax(err)
		}
		i := indexName(names, quoted)
		if i < 0 {
			return rd.refuse("is not a member that this takes: it takes %s", strings.Join(names, ", "))
		}
		if seen&(1<<i) != 0 {
			return rd.refuse("is there twice")
		}
		seen |= 1 << i
		if err := read(names[i]); err != nil {
			return err
		}
	}
	return rd.close()
}

func indexName(names []string, quoted []byte) int {
	plain := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(plain, '\\') >= 0 {
		var err error
		if plain, err = jsontext.AppendUnquote(nil, quoted); err != nil {
			return -1
		}
	}
	for i, name := range names {
		if name == string(plain) {
			return i
		}
	}
	return -1
}

// array reads an array and calls read for each element.
func (rd *reader) array(read func() error) error {
	if err := rd.open('[', "an array"); err != nil {
		return err
	}
	for rd.dec.PeekKind() != ']' {
		if err := read(); err != nil {
			return err
		}
	}
	return rd.close()
}

// open reads the first token of an object or array; close reads the last, or
// the reason why there is none.
func (rd *reader) open(kind jsontext.Kind, what string) error {
	if rd.dec.PeekKind() != kind {
		if _, err := rd.raw(); err != nil {
			return err
		}
		return rd.refuse("must be %s", what)
	}
	return rd.close()
}

func (rd *reader) close() error {
	if _, err := rd.dec.ReadToken(); err != nil {
		return rd.syntax(err)
	}
	return nil
}

// raw reads a value of any kind. The result is a part of the body's text.
func (rd *reader) raw() ([]byte, error) {
	v, err := rd.dec.ReadValue()
	if err != nil {
		return nil, rd.syntax(err)
	}
	end := int(rd.dec.InputOffset())
	return rd.text[end-len(v) : end : end], nil
}

// isNull reads a null, if that is what comes next.
func (rd *reader) isNull() bool {
	if rd.dec.PeekKind() != 'n' {
		return false
	}
	_, err := rd.dec.ReadToken()
	return err == nil // if not, the next read reports it again
}

// optional reads with read, or a null as the zero value.
func optional[T any](rd *reader, read func() (T, error)) (T, error) {
	if rd.isNull() {
		var zero T
		return zero, nil
	}
	return read()
}

func (rd *reader) string() (string, error) {
	quoted, err := rd.raw()
	if err != nil {
		return "", err
	}
	if quoted[0] != '"' {
		return "", rd.refuse("must be a string")
	}
	if plain := quoted[1 : len(quoted)-1]; bytes.IndexByte(plain, '\\') < 0 {
		return string(plain), nil
	}
	text, err := jsontext.AppendUnquote(nil, quoted)
	if err != nil {
		return "", rd.refuse("holds half a surrogate pair")
	}
	return string(text), nil
}

func (rd *reader) bool() (bool, error) {
	text, err := rd.raw()
	if err != nil {
		return false, err
	}
	if text[0] != 't' && text[0] != 'f' {
		return false, rd.refuse("must be true or false")
	}
	return text[0] == 't', nil
}

// integer reads a whole number of at most 15 digits.
func (rd *reader) integer() (int64, error) {
	f, err := rd.number()
	if err != nil {
		return 0, err
	}
	if f != float64(int64(f)) || f < -1e15 || f > 1e15 {
		return 0, rd.refuse("must be a whole number")
	}
	return int64(f), nil
}

func (rd *reader) number() (float64, error) {
	text, err := rd.raw()
	if err != nil {
		return 0, err
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil || text[0] == '"' {
		return 0, rd.refuse("must be a number")
	}
	return f, nil
}

func (rd *reader) time() (time.Time, error) {
	text, err := rd.string()
	if err != nil {
		return time.Time{}, err
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, rd.refuse("must be a time such as 2026-03-01T10:30:00Z")
	}
	return t, nil
}

func (rd *reader) strings() ([]string, error) {
	all := []string{}
	err := rd.array(func() error {
		s, err := rd.string()
		all = append(all, s)
		return err
	})
	return all, err
}

// texts reads an object whose members are all strings.
func (rd *reader) texts() (map[string]string, error) { return membersOf(rd, rd.string) }

// membersOf reads an object of any members that are all of one kind.
func membersOf[T any](rd *reader, read func() (T, error)) (map[string]T, error) {
	if err := rd.open('{', "an object"); err != nil {
		return nil, err
	}
	all := map[string]T{}
	for rd.dec.PeekKind() != '}' {
		name, err := rd.string()
		if err != nil {
			return nil, err
		}
		if _, ok := all[name]; ok {
			return nil, rd.refuse("is there twice")
		}
		if all[name], err = read(); err != nil {
			return nil, err
		}
	}
	return all, rd.close()
}
