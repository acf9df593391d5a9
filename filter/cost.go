package filter

import (
	"errors"
	"regexp"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"

	"github.com/billhook/billhook"
)

// maxMatched bounds the texts that regular expressions are held against, in bytes.
const maxMatched = 16 << 10

// bounds are what a program runs within.
func bounds() []cel.ProgramOption {
	return []cel.ProgramOption{cel.CostLimit(maxCost), cel.CostTracking(prices{}), cel.OptimizeRegex(matching)}
}

// prices are what calls really cost. The library prices a call by the types that it
// found when it checked the expression, of which data has none, and looks only at the
// outermost size of what is compared.
type prices struct{}

func (prices) CallCost(function, _ string, args []ref.Val, _ ref.Val) *uint64 {
	switch function {
	case overloads.Size, overloads.Matches, overloads.Contains, operators.Index:
		return nil // as the library has it
	}
	left := 10 * maxCost
	for _, arg := range args {
		weigh(arg.Value(), &left)
	}
	cost := uint64(1 + (10*maxCost-left)/10)
	return &cost
}

// weigh takes off what it takes to look at all of a value, until nothing is left.
func weigh(value any, left *int) {
	if *left <= 0 {
		return
	}
	switch value := value.(type) {
	case string:
		*left -= len(value)
	case []byte:
		*left -= len(value)
	case map[string]any:
		*left -= 10 * len(value)
		for _, one := range value {
			weigh(one, left)
		}
	case []any:
		*left -= 10 * len(value)
		for _, one := range value {
			weigh(one, left)
		}
	case []ref.Val:
		*left -= 10 * len(value)
		for _, one := range value {
			weigh(one.Value(), left)
		}
	}
	*left = max(*left, 0)
}

// matching compiles the pattern of matches once, and looks at texts of bounded length
// alone: a call is priced when it is over.
var matching = &interpreter.RegexOptimization{
	Function:   overloads.Matches,
	RegexIndex: 1,
	Factory: func(call interpreter.InterpretableCall, pattern string) (interpreter.InterpretableCall, error) {
		compiled, err := regexp.Compile(pattern)
		if err != nil {
			return nil, errors.New("has a pattern that cannot be used: " + err.Error())
		}
		return interpreter.NewCall(call.ID(), call.Function(), call.OverloadID(), call.Args(), func(args ...ref.Val) ref.Val {
			text, ok := args[0].(types.String)
			switch {
			case !ok:
				return types.MaybeNoSuchOverloadErr(args[0])
			case len(text) > maxMatched:
				return types.NewErr("a text of more than %d bytes is too long for matches", maxMatched)
			}
			return types.Bool(compiled.MatchString(string(text)))
		}), nil
	},
}

// checkPatterns wants the pattern of each matches in the expression itself.
func checkPatterns(expression ast.Expr) error {
	var err error
	ast.PostOrderVisit(expression, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != overloads.Matches {
			return
		}
		args := e.AsCall().Args()
		if len(args) == 0 {
			return // which the library refuses
		}
		last := args[len(args)-1]
		if _, ok := last.AsLiteral().(types.String); last.Kind() != ast.LiteralKind || !ok {
			err = &billhook.Error{Code: billhook.CodeInvalid, Message: "takes the pattern of matches from elsewhere", Hint: "write the pattern itself, as a text"}
		}
	}))
	return err
}
