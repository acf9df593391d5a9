package explain

import "strconv"

// Codes of a Fault. They are stable: scripts compare them.
const (
	CodeWrongSecret       = "wrong_secret"        // all else is as it was sent
	CodeNoMatch           = "no_match"            // nothing that was tried fits
	CodeSecretAsText      = "secret_as_text"      // the key is the secret's text, and should be what it says in base64
	CodeSecretDecoded     = "secret_decoded"      // the other way round
	CodeSecretPadded      = "secret_padded"       // quotes, white space or a line break around it
	CodeSecretPrefix      = "secret_prefix"       // whsec_ is missing, or too much
	CodeSecretKind        = "secret_kind"         // a shared secret where a public key is needed, or the reverse
	CodeBodyReserialized  = "body_reserialized"   // parsed and printed again
	CodeBodyNewline       = "body_newline"        // line breaks at the end, or other ones inside
	CodeBodyBOM           = "body_bom"            // a byte order mark in front
	CodeBodyEncoding      = "body_encoding"       // read in another character encoding
	CodeBodyCompressed    = "body_compressed"     // still compressed
	CodeBodyWrapped       = "body_wrapped"        // in base64, a JSON string or a form
	CodeBodyEmpty         = "body_empty"          // somebody has read it before
	CodeBodyLength        = "body_length"         // not as long as its header says
	CodeTimestampStale    = "timestamp_stale"     // too old
	CodeTimestampFuture   = "timestamp_future"    // too new
	CodeTimestampUnit     = "timestamp_unit"      // milliseconds, or a date as text
	CodeTimestampSwapped  = "timestamp_swapped"   // of another delivery
	CodeIDSwapped         = "id_swapped"          // of another event
	CodeHeaderMissing     = "header_missing"      // it is nowhere in the request
	CodeHeaderRenamed     = "header_renamed"      // under another name
	CodeHeaderTwice       = "header_twice"        // which one counts?
	CodeSignatureCase     = "signature_case"      // hex in the other case
	CodeSignatureEncoding = "signature_encoding"  // base64 in place of hex, or the reverse
	CodeSignaturePrefix   = "signature_prefix"    // sha256= or v1, is missing, or too much
	CodeSignaturePadded   = "signature_padded"    // quotes or spaces around it
	CodeSignatureCut      = "signature_cut"       // not all of it
	CodeOtherProfile      = "other_profile"       // it verifies under another one
	CodeMembersMoved      = "body_members_moved"  // parsed and printed with the members in another order
	CodeBodyNormalized    = "body_normalized"     // Unicode in another normal form
	CodeSecretEscaped     = "secret_escaped"      // %-escapes in it
	CodeSecretHex         = "secret_hex"          // it is hex, and the key is what it says
	CodePrivateKeyGiven   = "secret_is_private"   // the sender's own key
	CodeTimestampIDMixed  = "id_timestamp_mixed"  // each is in the other's header
	CodeMalformed         = "signature_malformed" // the header is not of its form
)

// A Fault is one thing that is wrong.
type Fault struct {
	Code string `json:"code"`
	// What is wrong, and Do what to do about it: a sentence or two each.
	What string `json:"what"`
	Do   string `json:"do"`
}

func fault(code, what, do string) Fault { return Fault{code, what, do} }

func ordinal(i int) string { return strconv.Itoa(i + 1) }
