package trigger

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// fresh is another id that looks like one: o_1 becomes o_8fk2…, a UUID another, a
// number one of at least as many digits. It is nil for what is no id.
func fresh(id json.RawMessage) json.RawMessage {
	if _, err := strconv.ParseInt(string(id), 10, 64); err == nil {
		return json.RawMessage(digits(min(max(len(id), 9), 15))) // 15 are exact wherever it is read
	}
	var text string
	if json.Unmarshal(id, &text) != nil || text == "" {
		return nil
	}
	var another string
	switch {
	case uuid.MatchString(text):
		var b [16]byte
		_, _ = rand.Read(b[:]) // never fails (crypto/rand)
		b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
		another = fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
	case strings.Trim(text, "0123456789") == "":
		another = digits(max(len(text), 9))
	default:
		kept := text[:strings.LastIndexAny(text, "-_:./#")+1]
		another = kept + strings.ToLower(rand.Text())[:10]
	}
	quoted, _ := json.Marshal(another) // text always can be
	return quoted
}

// digits is a random number of so many digits.
func digits(n int) string {
	low := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n-1)), nil)
	random, _ := rand.Int(rand.Reader, new(big.Int).Mul(low, big.NewInt(9))) // never fails (crypto/rand)
	return random.Add(random, low).String()
}
