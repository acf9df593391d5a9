package filter

import (
	"encoding/json"
	"errors"
	"math"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"

	"github.com/billhook/billhook"
)

// A compiled filter.
type compiled struct {
	program cel.Program
	cost    int
}

// Cost is what it costs for an event whose lists and texts are as long as assumed.
func (f *compiled) Cost() int { return f.cost }

// Matches holds an event against the filter.
func (f *compiled) Matches(p *billhook.Payload) (bool, error) {
	data, err := p.Value()
	if err != nil {
		return false, err
	}
	result, details, err := f.program.Eval(&variables{p, data})
	p.Spent += spent(details)
	if err != nil {
		return false, errors.New(clip(strings.ReplaceAll(err.Error(), typeVariable, "type")))
	}
	is, ok := result.(types.Bool)
	if !ok {
		return false, errors.New("is neither true nor false, but a " + result.Type().TypeName())
	}
	return bool(is), nil
}

// spent is what an evaluation has cost, one that was given up too.
func spent(details *cel.EvalDetails) int {
	if details == nil || details.ActualCost() == nil {
		return maxCost
	}
	return int(min(*details.ActualCost(), maxCost)) // #nosec G115 -- at most maxCost
}

// variables are what an expression can name.
type variables struct {
	payload *billhook.Payload
	data    any
}

var _ interpreter.Activation = (*variables)(nil)

func (v *variables) Parent() interpreter.Activation { return nil }

func (v *variables) ResolveName(name string) (any, bool) {
	e := v.payload.Event
	switch name {
	case "data":
		return v.data, true
	case typeVariable, "event.type":
		return e.Type, true
	case "entity.type":
		return e.Entity.Type, true
	case "entity.id":
		return e.Entity.ID, true
	case "event.id":
		return e.ID, true
	case "event.version":
		return int64(v.payload.Version), true
	case "event.createdAt":
		return e.CreatedAt, true
	case "event.occurredAt":
		return e.OccurredAt, true
	case "event.actor.type":
		return e.Actor.Type, true
	case "event.actor.id":
		return e.Actor.ID, true
	}
	return nil, false
}

// An adapter presents decoded JSON to expressions as it is, without a copy.
type adapter struct{ types.Adapter }

func (a adapter) NativeToValue(value any) ref.Val {
	switch value := value.(type) {
	case json.Number:
		return number(string(value))
	case map[string]any:
		return types.NewStringInterfaceMap(a, value)
	case []any:
		return types.NewDynamicList(a, value)
	}
	return a.Adapter.NativeToValue(value)
}

// number is a number of an event's data. All are doubles, since canonical JSON
// prints 20.00 as 20, and an expression must not depend on which it is; but an
// integer that no double holds stays one, so that it can be compared exactly.
func number(text string) ref.Val {
	n := json.Number(text)
	if whole, err := n.Int64(); err == nil && (whole > 1<<53 || whole < -1<<53) {
		return types.Int(whole)
	}
	f, err := n.Float64()
	if err != nil && math.IsInf(f, 0) {
		return types.Double(f) // 1e400 is more than any other number
	}
	return types.Double(f)
}
