package profile

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Whether decode wants all members that are not tagged omitempty.
const (
	required = true
	optional = false
)

// decode reads a JSON text into *to, a struct, and is strict where
// encoding/json is not: unknown members, members in another case, nulls, and
// (with required) missing members are errors. Its errors are *MemberError, or
// *JSONError for bad JSON. It handles the kinds that profiles are made of.
func decode(text []byte, to any, required bool) error {
	canonical, err := Canonical(text, Options{ExactNumbers: true})
	if err != nil {
		return err
	}
	if err := checkShape(canonical, reflect.TypeOf(to).Elem(), "", required); err != nil {
		return err
	}
	return json.Unmarshal(canonical, to)
}

var rawMessage = reflect.TypeFor[json.RawMessage]()

// checkShape says whether a canonical JSON text fits into a value of type t.
func checkShape(text []byte, t reflect.Type, pointer string, required bool) error {
	if t == rawMessage {
		return nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		return checkShape(text, t.Elem(), pointer, required)
	case reflect.Struct:
		return checkMembers(text, t, pointer, required)
	case reflect.Slice:
		return checkElements(text, t.Elem(), pointer, required)
	case reflect.String:
		if text[0] != '"' {
			return bad(pointer, "must be a string")
		}
	case reflect.Bool:
		if text[0] != 't' && text[0] != 'f' {
			return bad(pointer, "must be true or false")
		}
	case reflect.Int, reflect.Int64:
		if _, err := strconv.ParseInt(string(text), 10, t.Bits()); err != nil {
			return bad(pointer, "must be a whole number")
		}
	case reflect.Float64:
		if text[0] != '-' && !isDigit(text[0]) {
			return bad(pointer, "must be a number")
		}
	}
	return nil
}

func checkElements(text []byte, t reflect.Type, pointer string, required bool) error {
	var elements []json.RawMessage
	if text[0] != '[' || json.Unmarshal(text, &elements) != nil {
		return bad(pointer, "must be an array")
	}
	for i, element := range elements {
		if err := checkShape(element, t, pointer+"/"+strconv.Itoa(i), required); err != nil {
			return err
		}
	}
	return nil
}

func checkMembers(text []byte, t reflect.Type, pointer string, required bool) error {
	var members map[string]json.RawMessage
	if text[0] != '{' || json.Unmarshal(text, &members) != nil {
		return bad(pointer, "must be an object")
	}
	for i := range t.NumField() {
		name, option, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		value, ok := members[name]
		delete(members, name)
		if ok {
			if err := checkShape(value, t.Field(i).Type, pointer+"/"+name, required); err != nil {
				return err
			}
		} else if required && option != "omitempty" {
			return bad(pointer+"/"+name, "is missing")
		}
	}
	if len(members) > 0 {
		unknown := make([]string, 0, len(members))
		for name := range members {
			unknown = append(unknown, name)
		}
		return bad(pointer+"/"+escapeToken(slices.Min(unknown)), "is unknown")
	}
	return nil
}
