package profile

import (
	"bytes"
	"strconv"
)

// decimal is a number of a JSON text: 0.d1d2d3… × 10^point, the digits being
// what src has between from and to without the decimal point. digits counts
// them; neither the first nor the last of them is 0, and 0 itself has none.
type decimal struct {
	negative bool
	from, to int
	digits   int
	point    int64
}

// pointLimit is where exponents saturate, out of reach of any text's digits.
const pointLimit int64 = 1 << 40

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// scanNumber reads the number at pos in the grammar of RFC 8259 and returns
// where it ends, or where it goes wrong. It takes time linear in its length.
func scanNumber(src []byte, pos int) (n decimal, end int, ok bool) {
	i := pos
	if src[i] == '-' {
		n.negative = true
		i++
	}
	whole := i
	for i < len(src) && isDigit(src[i]) {
		i++
	}
	wholeEnd := i
	if wholeEnd == whole || src[whole] == '0' && wholeEnd > whole+1 {
		return n, whole, false
	}
	if i < len(src) && src[i] == '.' {
		i++
		fraction := i
		for i < len(src) && isDigit(src[i]) {
			i++
		}
		if i == fraction {
			return n, i, false
		}
	}
	n.from, n.to = whole, i
	exponent := int64(0)
	if i < len(src) && src[i]|0x20 == 'e' {
		if exponent, i, ok = scanExponent(src, i+1); !ok {
			return n, i, false
		}
	}
	n.trim(src, wholeEnd)
	n.point += exponent
	return n, i, true
}

// scanExponent reads what follows the e.
func scanExponent(src []byte, i int) (exponent int64, end int, ok bool) {
	negative := false
	if i < len(src) && (src[i] == '+' || src[i] == '-') {
		negative = src[i] == '-'
		i++
	}
	start := i
	for i < len(src) && isDigit(src[i]) {
		if exponent < pointLimit {
			exponent = exponent*10 + int64(src[i]-'0')
		}
		i++
	}
	if negative {
		exponent = -exponent
	}
	return exponent, i, i > start
}

// trim takes the zeros off both ends of the digits and counts the rest. The
// decimal point, if the text has one, is at wholeEnd.
func (n *decimal) trim(src []byte, wholeEnd int) {
	for n.from < n.to && (src[n.from] == '0' || n.from == wholeEnd) {
		n.from++
	}
	for n.from < n.to && (src[n.to-1] == '0' || n.to-1 == wholeEnd) {
		n.to--
	}
	switch {
	case n.from == n.to: // zero
		return
	case n.from < wholeEnd:
		n.point = int64(wholeEnd - n.from)
	default:
		n.point = int64(wholeEnd + 1 - n.from)
	}
	n.digits = n.to - n.from
	if n.from < wholeEnd && wholeEnd < n.to {
		n.digits--
	}
}

// A binary64 number needs at most maxDigits decimal digits, and gives back any
// decimal of sureDigits that is neither subnormal nor near the end of the
// range (DBL_DIG of C).
const (
	maxDigits  = 17
	sureDigits = 15
	surePoint  = 306
)

// append appends the number as ECMAScript prints it. It returns false where
// that would change its decimal value; text is the number's own.
func (n *decimal) append(dst, text []byte) ([]byte, bool) {
	if n.digits == 0 {
		return append(dst, '0'), true
	}
	if n.digits > maxDigits || n.point > 310 || n.point < -330 {
		return dst, false
	}
	var buf [2 * maxDigits]byte
	digits := buf[:0]
	for _, b := range bytes.TrimLeft(text, "-0.") {
		if isDigit(b) && len(digits) < n.digits {
			digits = append(digits, b)
		}
	}
	if n.digits > sureDigits || n.point > surePoint || n.point < -surePoint {
		if !n.survives(digits) {
			return dst, false
		}
	}
	if n.negative {
		dst = append(dst, '-')
	}
	return appendLayout(dst, digits, n.point), true
}

// survives says whether the nearest binary64 number prints as these digits.
func (n *decimal) survives(digits []byte) bool {
	var buf [64]byte
	text := append(buf[:0], '.')
	text = append(text, digits...)
	text = append(text, 'e')
	text = strconv.AppendInt(text, n.point, 10)
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return false // beyond the largest
	}
	var out [32]byte
	printed := strconv.AppendFloat(out[:0], f, 'e', -1, 64) // d.ddde±dd
	mantissa, exponent, _ := bytes.Cut(printed, []byte{'e'})
	if len(mantissa) > 1 {
		copy(mantissa[1:], mantissa[2:])
		mantissa = mantissa[:len(mantissa)-1]
	}
	point, _ := strconv.Atoi(string(exponent))
	return int64(point)+1 == n.point && bytes.Equal(mantissa, digits)
}

// appendLayout places the decimal point as Number::toString of ECMA-262 does;
// point is that algorithm's n.
func appendLayout(dst, digits []byte, point int64) []byte {
	k := int64(len(digits))
	switch {
	case k <= point && point <= 21:
		dst = append(dst, digits...)
		for range point - k {
			dst = append(dst, '0')
		}
		return dst
	case 0 < point && point <= 21:
		dst = append(dst, digits[:point]...)
		dst = append(dst, '.')
		return append(dst, digits[point:]...)
	case -6 < point && point <= 0:
		dst = append(dst, '0', '.')
		for range -point {
			dst = append(dst, '0')
		}
		return append(dst, digits...)
	}
	dst = append(dst, digits[0])
	if k > 1 {
		dst = append(dst, '.')
		dst = append(dst, digits[1:]...)
	}
	dst = append(dst, 'e')
	if point > 0 {
		dst = append(dst, '+')
	}
	return strconv.AppendInt(dst, point-1, 10)
}
