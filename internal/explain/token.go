package explain

import (
	"cmp"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/billhook/billhook/internal/recording"
	"github.com/billhook/billhook/sign"
)

// A Token is a piece of a header's value that may be a signature.
type Token struct {
	Field recording.Field
	// Text is the piece as it stands, and Sum what it says, in Encoding: as in
	// sign.Layout, or one that no layout has ("base64url").
	Text, Encoding string
	Sum            []byte
	// Before and After are what stands around it in the value.
	Before, After string
}

// encodingURL is base64 in the letters for URLs.
const encodingURL = "base64url"

// shortest is how much of a signature must be there for a cut one to count: what is
// left decides among 2^64.
const shortest = 8

// Tokens are the pieces of a request's headers that may be signatures or parts of one.
func Tokens(fields []recording.Field) (all []Token) {
	for _, f := range fields {
		start := 0
		flush := func(end int) {
			if text := f.Value[start:end]; text != "" {
				all = append(all, tokensOf(f, start, end)...)
			}
		}
		for i := range len(f.Value) {
			if strings.IndexByte(" ,;\"'<>()[]{}\t", f.Value[i]) >= 0 {
				flush(i)
				start = i + 1
			}
		}
		flush(len(f.Value))
	}
	return all
}

// tokensOf reads one piece, and what follows "name=" in it.
func tokensOf(f recording.Field, start, end int) (all []Token) {
	starts := []int{start}
	for _, mark := range []byte{'=', ':'} {
		if i := strings.IndexByte(f.Value[start:end], mark); i >= 0 && i+1 < end-start {
			starts = append(starts, start+i+1)
		}
	}
	for _, at := range starts {
		text := f.Value[at:end]
		for _, d := range decodings {
			if sum, err := d.decode(text); err == nil && len(sum) >= shortest && len(sum) <= ed25519.SignatureSize {
				all = append(all, Token{Field: f, Text: text, Encoding: d.encoding(text), Sum: sum, Before: f.Value[:at], After: f.Value[end:]})
			}
		}
	}
	return all
}

// decodings are the ways to read a piece. Pieces that are hex are base64 too.
var decodings = []struct {
	encoding func(text string) string
	decode   func(text string) ([]byte, error)
}{
	{func(text string) string {
		if strings.ToUpper(text) == text && strings.ToLower(text) != text {
			return sign.EncodingUpperHex
		}
		return sign.EncodingHex
	}, func(text string) ([]byte, error) { return hex.DecodeString(text[:len(text)&^1]) }},
	{func(string) string { return sign.EncodingBase64 }, func(text string) ([]byte, error) {
		text = strings.TrimRight(text, "=")
		if len(text)%4 == 1 { // half a letter of a signature that is cut
			text = text[:len(text)-1]
		}
		return base64.RawStdEncoding.DecodeString(text)
	}},
	{func(string) string { return encodingURL }, func(text string) ([]byte, error) {
		text = strings.TrimRight(text, "=")
		if !strings.ContainsAny(text, "-_") {
			return nil, hex.ErrLength
		}
		return base64.RawURLEncoding.DecodeString(text)
	}},
}

// holds says how a token says the sum: all of it, or its beginning or end only.
func (t *Token) holds(sum []byte) (whole, part bool) {
	if len(t.Sum) == len(sum) {
		return string(t.Sum) == string(sum), false
	}
	if len(t.Sum) > len(sum) {
		return false, false
	}
	return false, strings.HasPrefix(string(sum), string(t.Sum)) || strings.HasSuffix(string(sum), string(t.Sum))
}

// expected is what the scheme's header should say with a sum, by the token's words: only
// the sum that the request itself carries comes out of here.
func (s *scheme) expected(sum [sha256.Size]byte, stamp string) string {
	text := hex.EncodeToString(sum[:])
	switch s.layout.Encoding {
	case sign.EncodingBase64:
		text = base64.StdEncoding.EncodeToString(sum[:])
	case sign.EncodingUpperHex:
		text = strings.ToUpper(text)
	}
	if s.layout.Value == "" {
		return text
	}
	return strings.NewReplacer(sign.PlaceSignature, text, sign.PlaceTimestamp, stamp).Replace(s.layout.Value)
}

// faultsOf says what is wrong with how the header holds a signature that is right.
func (s *scheme) faultsOf(t *Token, stamp string, whole bool) (faults []Fault) {
	name := t.Field.Name
	if !strings.EqualFold(name, s.header) {
		faults = append(faults, renamed(s.header, name))
	}
	if !whole {
		return append(faults, fault(CodeSignatureCut,
			"Only a part of the signature is there: "+count(len(t.Sum), "byte")+" of 32 in "+name+".",
			"Look for what shortens headers on the way: a column of a database, a limit of a proxy, a log."))
	}
	want := s.expected([sha256.Size]byte(t.Sum), stamp)
	if t.Field.Value == want || s.standard() && strings.HasSuffix(t.Before, "v1,") && t.Text == strings.TrimPrefix(want, "v1,") {
		return faults
	}
	wanted := s.layout.Encoding
	switch {
	case t.Encoding == wanted:
	case wanted != sign.EncodingBase64 && strings.EqualFold(t.Text, strings.TrimPrefix(want, t.Before)) || wanted != sign.EncodingBase64 && t.Encoding != sign.EncodingBase64 && t.Encoding != encodingURL:
		faults = append(faults, fault(CodeSignatureCase,
			"The signature is right, but "+name+" holds it in "+encodingNames[t.Encoding]+", where the sender writes "+encodingNames[wanted]+".",
			"Compare the decoded bytes, not the text; and look for what changes the case of headers on the way."))
	default:
		faults = append(faults, fault(CodeSignatureEncoding,
			"The signature is right, but "+name+" holds it in "+encodingNames[t.Encoding]+", where "+encodingNames[wanted]+" is wanted.",
			"Decode it as "+encodingNames[wanted]+", or look for what encodes it anew on the way."))
	}
	before, after, _ := strings.Cut(cmp.Or(s.layout.Value, sign.PlaceSignature), sign.PlaceSignature)
	before = strings.ReplaceAll(before, sign.PlaceTimestamp, stamp)
	switch {
	case strings.Trim(t.Before, "\"' \t") == before && strings.Trim(t.After, "\"' \t") == after:
		if t.Before != before || t.After != after {
			faults = append(faults, fault(CodeSignaturePadded,
				"The signature is right, but in "+name+" there are quotes or spaces around it.",
				"Take them off before you compare; and look for what puts them there."))
		}
	case t.Before == before && strings.Trim(t.After, "=") == after:
	default:
		faults = append(faults, fault(CodeSignaturePrefix,
			"The signature is right, but in "+name+" there stands “"+t.Before+"…"+t.After+"” around it, where “"+before+"…"+after+"” is wanted.",
			"Take the signature out of what "+s.name+" has around it, and nothing else."))
	}
	if len(faults) == 0 {
		faults = append(faults, fault(CodeMalformed, "The signature in "+name+" is right, but not written as the sender writes it.", "Look for what changes headers on the way."))
	}
	return faults
}

func renamed(want, got string) Fault {
	return fault(CodeHeaderRenamed, "The header "+want+" has come as "+got+".",
		"Read it under that name, or look for what renames headers: CGI and WSGI put HTTP_ in front and underscores in, proxies an X-.")
}

var encodingNames = map[string]string{
	sign.EncodingHex: "lower-case hex", sign.EncodingUpperHex: "upper-case hex", sign.EncodingBase64: "base64", encodingURL: "base64 for URLs",
}
