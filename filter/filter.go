// Package filter understands filters of webhooks: expressions in CEL (Common
// Expression Language) over an event, which are true or not. They are checked when
// they are registered, have no effects, and what one may cost is bounded before it is
// taken and again while it runs, since expressions are strangers'.
//
// It knows the library that it wraps and the interface billhook.Filters. It must not
// know stores, webhooks, databases or HTTP.
package filter

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/env"
	"cel.dev/cel-go/common/types"

	"github.com/billhook/billhook"
)

const (
	maxLength = 2000 // characters
	maxNodes  = 1000
	maxNested = 50
	// maxProgram bounds what a regular expression compiles to, in instructions.
	maxProgram = 300
	// maxEstimate bounds what an expression may cost for an event whose lists and
	// texts are assumed long: what no real event could make cheap is refused.
	maxEstimate = 50_000_000
	assumedSize = 1000
	maxCost     = billhook.MaxFilterCost
)

// A Language compiles filters. It is safe for concurrent use.
type Language struct{ env *cel.Env }

var _ billhook.Filters = (*Language)(nil)

// New makes the language of filters, for billhook.Config.Filters.
func New() *Language {
	made, err := cel.NewCustomEnv(options()...)
	if err != nil {
		panic(err) // nothing of it depends on what anyone says
	}
	return &Language{made}
}

func options() []cel.EnvOption {
	text, moment := cel.StringType, cel.TimestampType
	own, replaced := arithmetic()
	return append([]cel.EnvOption{
		cel.CustomTypeAdapter(adapter{types.DefaultTypeAdapter}),
		cel.StdLib(cel.StdLibSubset(&env.LibrarySubset{ExcludeFunctions: replaced})),
		cel.OptionalTypes(),
		cel.CrossTypeNumericComparisons(true),
		cel.DefaultUTCTimeZone(true),
		cel.ParserExpressionSizeLimit(maxLength),
		cel.ParserRecursionLimit(maxNested),
		cel.ExpressionNodeLimit(maxNodes),
		cel.RegexProgramSizeLimit(maxProgram),
		cel.Variable("data", cel.DynType),
		cel.Variable(typeVariable, text),
		cel.Variable("entity.type", text),
		cel.Variable("entity.id", text),
		cel.Variable("event.id", text),
		cel.Variable("event.type", text),
		cel.Variable("event.version", cel.IntType),
		cel.Variable("event.createdAt", moment),
		cel.Variable("event.occurredAt", moment),
		cel.Variable("event.actor.type", text),
		cel.Variable("event.actor.id", text),
	}, own...)
}

// typeVariable stands for the variable type, a name that CEL has already.
const typeVariable = "event.type_"

// Compile makes an expression ready, or says what is wrong where.
func (l *Language) Compile(expression string) (billhook.Filter, error) {
	parsed, issues := l.env.Parse(expression)
	if issues.Err() != nil {
		return nil, refused(issues)
	}
	if err := renameType(parsed.NativeRep().Expr()); err != nil {
		return nil, err
	}
	if err := checkPatterns(parsed.NativeRep().Expr()); err != nil {
		return nil, err
	}
	checked, issues := l.env.Check(parsed)
	if issues.Err() != nil {
		return nil, refused(issues)
	}
	if t := checked.OutputType(); !t.IsExactType(cel.BoolType) && !t.IsExactType(cel.DynType) {
		return nil, &billhook.Error{Code: billhook.CodeInvalid, Message: "is a " + t.String() + " and not true or false", Hint: "compare it with something"}
	}
	estimate, err := l.env.EstimateCost(checked, sizes{})
	if err != nil {
		return nil, &billhook.Error{Code: billhook.CodeInvalid, Message: "cannot be estimated: " + err.Error()}
	}
	if estimate.Max > maxEstimate {
		return nil, &billhook.Error{Code: billhook.CodeInvalid, Message: "could take too long", Hint: "nest lists in lists less deeply"}
	}
	program, err := l.env.Program(checked, bounds()...)
	if err != nil {
		return nil, &billhook.Error{Code: billhook.CodeInvalid, Message: err.Error()}
	}
	return &compiled{program, int(min(max(estimate.Max, 1), maxCost))}, nil // #nosec G115 -- at most maxCost
}

// renameType has "type" mean the event's, and not CEL's type of types. The function
// type(x) stays.
func renameType(expression ast.Expr) error {
	var err error
	factory := ast.NewExprFactory()
	ast.PostOrderVisit(expression, ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.IdentKind:
			if e.AsIdent() == "type" {
				e.SetKindCase(factory.NewIdent(e.ID(), typeVariable))
			}
		case ast.ComprehensionKind:
			if c := e.AsComprehension(); c.IterVar() == "type" || c.IterVar2() == "type" {
				err = &billhook.Error{Code: billhook.CodeInvalid, Message: "uses type, which is the event's, as the name of an element", Hint: "choose another name"}
			}
		}
	}))
	return err
}

// refused tells what the library says of an expression, each with its place.
func refused(issues *cel.Issues) error {
	var said []string
	for _, one := range issues.Errors() {
		if len(said) < 3 {
			message := strings.ReplaceAll(one.Message, typeVariable, "type")
			said = append(said, fmt.Sprintf("line %d, column %d: %s", max(one.Location.Line(), 1), max(one.Location.Column()+1, 1), clip(message)))
		}
	}
	if len(said) == 0 {
		said = append(said, clip(issues.Err().Error()))
	}
	return &billhook.Error{Code: billhook.CodeInvalid, Message: "is not a filter: " + strings.Join(said, "; "), Hint: "docs/CATALOGUE.md has examples"}
}

func clip(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// sizes assumes of everything in an event that it is long.
type sizes struct{}

func (sizes) EstimateSize(e cost.AstNode) *cost.SizeEstimate {
	if e.ComputedSize() != nil {
		return nil
	}
	return &cost.SizeEstimate{Min: 0, Max: assumedSize}
}

func (sizes) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}
