package filter

import (
	"math"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/env"
	"cel.dev/cel-go/common/functions"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/stdlib"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// CEL adds 2 and 2.0 only if somebody has converted one of them. A number of an
// event's data is a double and a literal mostly an int, so that data.price * 2 would
// never have a value. Here an int beside a double counts as one, and % takes doubles
// that are whole numbers.
var operations = []struct {
	name, mixed string
	apply       functions.BinaryOp
	trait       int
}{
	{operators.Add, "add", func(a, b ref.Val) ref.Val { return a.(traits.Adder).Add(b) }, traits.AdderType},
	{operators.Subtract, "subtract", func(a, b ref.Val) ref.Val { return a.(traits.Subtractor).Subtract(b) }, traits.SubtractorType},
	{operators.Multiply, "multiply", func(a, b ref.Val) ref.Val { return a.(traits.Multiplier).Multiply(b) }, traits.MultiplierType},
	{operators.Divide, "divide", func(a, b ref.Val) ref.Val { return a.(traits.Divider).Divide(b) }, traits.DividerType},
	{operators.Modulo, "modulo", modulo, 0},
}

// arithmetic declares the operators anew, and names what that takes the place of.
func arithmetic() (own []cel.EnvOption, replaced []*env.Function) {
	for _, operation := range operations {
		var options []cel.FunctionOpt
		for _, function := range stdlib.Functions() {
			if function.Name() != operation.name {
				continue
			}
			for _, o := range function.OverloadDecls() {
				options = append(options, cel.Overload(o.ID(), o.ArgTypes(), o.ResultType()))
			}
		}
		options = append(options,
			cel.Overload(operation.mixed+"_double_int64", []*cel.Type{cel.DoubleType, cel.IntType}, cel.DoubleType),
			cel.Overload(operation.mixed+"_int64_double", []*cel.Type{cel.IntType, cel.DoubleType}, cel.DoubleType))
		if operation.name == operators.Modulo {
			options = append(options, cel.Overload("modulo_double", []*cel.Type{cel.DoubleType, cel.DoubleType}, cel.DoubleType))
		}
		binding := alike(operation.apply)
		if operation.trait != 0 {
			options = append(options, cel.SingletonBinaryBinding(binding, operation.trait))
		} else {
			options = append(options, cel.SingletonBinaryBinding(binding))
		}
		own = append(own, cel.Function(operation.name, options...))
		replaced = append(replaced, &env.Function{Name: operation.name})
	}
	return own, replaced
}

// alike makes two doubles of a double and an int first.
func alike(apply functions.BinaryOp) functions.BinaryOp {
	return func(a, b ref.Val) ref.Val {
		if _, ok := a.(types.Double); ok {
			if n, ok := b.(types.Int); ok {
				b = types.Double(n)
			}
		} else if n, ok := a.(types.Int); ok {
			if _, ok := b.(types.Double); ok {
				a = types.Double(n)
			}
		}
		return apply(a, b)
	}
}

func modulo(a, b ref.Val) ref.Val {
	x, ok := a.(types.Double)
	y, also := b.(types.Double)
	if ok && also {
		if y == 0 {
			return types.NewErr("modulus by zero")
		}
		if whole(x) && whole(y) {
			return types.Double(math.Mod(float64(x), float64(y)))
		}
		return types.NewErr("%% of what is no whole number")
	}
	m, ok := a.(traits.Modder)
	if !ok {
		return types.MaybeNoSuchOverloadErr(a)
	}
	return m.Modulo(b)
}

func whole(d types.Double) bool {
	return d == types.Double(math.Trunc(float64(d))) && !math.IsInf(float64(d), 0)
}
