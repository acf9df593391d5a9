package billhook

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/billhook/billhook/egress"
	"github.com/billhook/billhook/profile"
	"github.com/billhook/billhook/sign"
)

const (
	maxURL         = 2048
	maxEvents      = 200
	maxHeaders     = 20
	maxHeaderValue = 1024
	maxName        = 200
	maxDescription = 2000
	maxEventType   = 128
	maxID          = 128
	maxKey         = 255
)

// checkURL says whether deliveries may go to the URL, as far as can be told
// before they do.
func (c *Client) checkURL(ctx context.Context, raw, storeID string, p *profile.Profile) error {
	refuse := func(hint, format string, args ...any) error {
		return &Error{Code: CodeURLRefused, Pointer: "/url", Message: fmt.Sprintf(format, args...), Hint: hint}
	}
	if raw == "" {
		return invalid("/url", "is missing")
	}
	if len(raw) > maxURL {
		return refuse("", "is longer than %d characters", maxURL)
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return refuse("give it as https://host/path", "is not a URL: %v", errors.Unwrap(err))
	case strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' }):
		return refuse("", "holds a space, a backslash or a control character")
	case !u.IsAbs() || u.Host == "" && u.Opaque == "":
		return refuse("give it as https://host/path", "is relative")
	case u.Scheme != "https" && u.Scheme != "http":
		return refuse("use https://", "has the scheme %q", u.Scheme)
	case u.Opaque != "" || u.Hostname() == "":
		return refuse("give it as https://host/path", "names no host")
	case u.User != nil:
		return refuse("send credentials as a header of the webhook", "holds a user name or password")
	case u.Fragment != "" || strings.Contains(raw, "#"):
		return refuse("leave out what follows the #", "has a fragment, which is never sent")
	case u.Scheme == "http" && !c.config.allowsHTTP(p):
		return refuse("use https://; http:// is for development (serve --dev)", "is not encrypted (http://)")
	}
	port := uint64(443)
	if u.Scheme == "http" {
		port = 80
	}
	if u.Port() != "" {
		if port, err = strconv.ParseUint(u.Port(), 10, 16); err != nil || port == 0 {
			return refuse("", "has the port %q", u.Port())
		}
	} else if strings.HasSuffix(u.Host, ":") {
		return refuse("", "has an empty port")
	}
	if err := c.sender.guardOf(storeID).CheckHost(ctx, u.Hostname(), uint16(port)); err != nil {
		var refused *egress.Refused
		if errors.As(err, &refused) {
			return refuse(hintFor(refused), "%s", refused.Error())
		}
		return refuse("", "%v", err)
	}
	return nil
}

// hintFor says what a merchant, or the operator, can do about a refusal.
func hintFor(refused *egress.Refused) string {
	if !refused.Addr.IsValid() || refused.Class == egress.Public || refused.Limited {
		return "" // the reason says it all
	}
	return "use an address that is public; private ones are for development (serve --dev), or for the operator to open (serve --egress-allow)"
}

// allowsHTTP reports whether a store with the profile may have http:// URLs.
func (c Config) allowsHTTP(p *profile.Profile) bool { return c.AllowInsecure || p.AllowHTTP }

// checkWebhook says what is wrong with a webhook's members, the URL aside. Of
// one that was there before, only what changed is looked at: the store's
// profile may have changed since, and must not keep it from being deleted.
func checkWebhook(before, w *Webhook, v vocabulary) error {
	if before == nil {
		before = &Webhook{}
	}
	if before.Events == nil || !slices.Equal(before.Events, w.Events) {
		if err := checkEvents(w.Events, v); err != nil {
			return err
		}
	}
	if err := checkText(w.Name, "/name", maxName, ""); err != nil {
		return err
	}
	if err := checkHeld(w); err != nil {
		return err
	}
	if err := checkText(w.Description, "/description", maxDescription, "\n\r\t"); err != nil {
		return err
	}
	if w.OverlapSignature != "" && w.OverlapSignature != SignOld && w.OverlapSignature != SignNew {
		return &Error{Code: CodeInvalid, Pointer: "/overlapSignature", Message: "is neither old nor new"}
	}
	if err := checkOrder(&before.WebhookSettings, &w.WebhookSettings, v); err != nil {
		return err
	}
	if before.Batch != w.Batch {
		if err := w.Batch.check(); err != nil {
			return err
		}
	}
	if err := checkPolicy(w.RetryPolicy); err != nil {
		return err
	}
	if err := checkHealth(w.Limits, w.DeactivateAfterSeconds); err != nil {
		return err
	}
	if maps.Equal(before.Headers, w.Headers) {
		return nil
	}
	return checkHeaders(before.Headers, w.Headers, v.profile)
}

// checkText says whether a text for people will do; also names the control
// characters that it may hold.
func checkText(text, pointer string, limit int, also string) error {
	if len(text) > limit {
		return invalid(pointer, "is longer than %d bytes", limit)
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return (r < ' ' || r == 0x7f) && !strings.ContainsRune(also, r) }) {
		return invalid(pointer, "holds a control character or is not UTF-8")
	}
	return nil
}

func checkEvents(events []string, v vocabulary) error {
	if len(events) == 0 {
		return &Error{Code: CodeInvalid, Pointer: "/events", Message: "names no event type", Hint: `use ["*"] for all`}
	}
	if len(events) > maxEvents {
		return invalid("/events", "has more than %d entries", maxEvents)
	}
	for i, pattern := range events {
		if err := checkPattern(pattern, v, fmt.Sprintf("/events/%d", i)); err != nil {
			return err
		}
	}
	return nil
}

// checkPattern says whether a webhook can subscribe to an event type, a prefix
// of types ("order.*") or all ("*").
func checkPattern(pattern string, v vocabulary, pointer string) error {
	if pattern == "*" {
		return nil
	}
	name, isPrefix := strings.CutSuffix(pattern, ".*")
	if strings.Contains(name, "*") {
		return &Error{
			Code: CodeInvalid, Pointer: pointer, Message: quote(pattern) + " is neither an event type nor a pattern",
			Hint: `use "*" for all, or a pattern such as "order.*" for all types that begin with "order."`,
		}
	}
	if err := checkEventType(name, pointer); err != nil {
		return err
	}
	if v.profile.Catalogue != profile.Closed {
		return nil
	}
	if isPrefix && v.begins(name+".") || !isPrefix && v.accepts(name) {
		return nil
	}
	return unknownEventType(pattern, v, pointer)
}

// checkEventType says whether a name can be that of an event type.
func checkEventType(name, pointer string) error {
	switch {
	case name == "":
		return invalid(pointer, "is empty")
	case len(name) > maxEventType:
		return invalid(pointer, "is longer than %d characters", maxEventType)
	case strings.ContainsFunc(name, func(r rune) bool { return !idRune(r) && r != ':' && r != '/' }):
		return invalid(pointer, "%s is not an event type: letters, digits and . _ - : / only", quote(name))
	}
	return nil
}

func unknownEventType(name string, v vocabulary, pointer string) error {
	return &Error{
		Code:    CodeUnknownEventType,
		Pointer: pointer,
		Message: fmt.Sprintf("the profile %s has no event type %s", v.profile.Name, quote(name)),
		Hint:    "its types are " + clip(joined(v.names()), 2000),
	}
}

func checkHeaders(before, headers map[string]string, p *profile.Profile) error {
	if len(headers) > maxHeaders {
		return invalid("/headers", "has more than %d headers", maxHeaders)
	}
	seen := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		pointer := "/headers/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
		value, lower := headers[name], strings.ToLower(name)
		switch {
		case name == "" || len(name) > 100 || strings.ContainsFunc(name, func(r rune) bool { return !tokenRune(r) }):
			return invalid(pointer, "is not a header name")
		case reservedHeader(name, p):
			return invalid(pointer, "is a header that only Billhook sets")
		case seen[lower]:
			return invalid(pointer, "is there twice")
		case value == HeaderKept:
			return &Error{Code: CodeInvalid, Pointer: pointer, Message: "has " + HeaderKept + ", which stands for the value that a header has, and there is no such header yet", Hint: "give its value"}
		case keptShut(before, name, value):
		case len(value) > maxHeaderValue:
			return invalid(pointer, "is longer than %d bytes", maxHeaderValue)
		case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r >= 0x7f }):
			return invalid(pointer, "holds what is not printable ASCII")
		}
		seen[lower] = true
	}
	return nil
}

func checkPermissions(permissions []string) error {
	if len(permissions) == 0 {
		return invalid("/permissions", "names no permission")
	}
	for i, p := range permissions {
		pointer := fmt.Sprintf("/permissions/%d", i)
		if !slices.Contains(Permissions(), p) {
			return &Error{Code: CodeInvalid, Pointer: pointer, Message: "there is no permission " + quote(p), Hint: "there are " + joined(Permissions())}
		}
		if slices.Contains(permissions[:i], p) {
			return invalid(pointer, "is there twice")
		}
	}
	return nil
}

func checkSecret(secret string) error {
	if err := sign.CheckSecret(secret); err != nil {
		return invalid("/secret", "%v", err)
	}
	return nil
}

// checkID says whether a caller's id will do.
func checkID(id, pointer string, limit int, also rune) error {
	if len(id) > limit {
		return invalid(pointer, "is longer than %d characters", limit)
	}
	if strings.Trim(id, ".") == "" {
		return invalid(pointer, "%s is not an id: it would be lost in a path", quote(id))
	}
	if strings.ContainsFunc(id, func(r rune) bool { return !idRune(r) && r != also }) {
		return invalid(pointer, "%s is not an id: letters, digits and . _ - only", quote(id))
	}
	return nil
}

func checkIdempotencyKey(key string) error {
	if len(key) > maxKey || strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r >= 0x7f }) {
		return &Error{Code: CodeInvalid, Pointer: "/idempotencyKey", Message: fmt.Sprintf("is longer than %d characters or not printable ASCII", maxKey), Hint: "use a UUID"}
	}
	return nil
}

func checkReference(r Reference, pointer string) error {
	for _, part := range []struct{ value, pointer string }{{r.Type, pointer + "/type"}, {r.ID, pointer + "/id"}} {
		if len(part.value) > maxID {
			return invalid(part.pointer, "is longer than %d bytes", maxID)
		}
		if strings.ContainsFunc(part.value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return invalid(part.pointer, "holds a control character")
		}
	}
	if (r.Type == "") != (r.ID == "") {
		return invalid(pointer, "needs both type and id")
	}
	return nil
}

func checkTime(t time.Time, pointer string) error {
	if y := t.Year(); !t.IsZero() && (y < 1970 || y > 2200) {
		return invalid(pointer, "is not between the years 1970 and 2200")
	}
	return nil
}

func idRune(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '.' || r == '_' || r == '-'
}

// tokenRune reports whether a rune may stand in a header name (RFC 9110 §5.6.2).
func tokenRune(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

// quote shows a stranger's text in a message.
func quote(s string) string { return strconv.Quote(clip(s, 80)) }
