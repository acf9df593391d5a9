package dashboard

import (
	"errors"
	"mime"
	"net/http"

	"github.com/billhook/billhook"
)

// The most that a form may have, in bytes, and the form of somebody who may be anyone: a
// key or a token and some room. What is read of a form is in memory until it is all there.
const (
	maxForm     = 256 << 10
	maxOpenForm = 16 << 10
)

// boundForm bounds what is read of a request.
func (rt *route) boundForm(w http.ResponseWriter, r *http.Request) {
	most := int64(maxForm)
	if rt.scope == open {
		most = maxOpenForm
	}
	r.Body = http.MaxBytesReader(w, r.Body, most)
}

// readForm reads what was sent before anything is done with it: what cannot be read must
// not be taken for fields that somebody has emptied.
func (p *page) readForm() error {
	if p.r.Method != http.MethodPost {
		return nil
	}
	var over *http.MaxBytesError
	err := p.r.ParseForm()
	switch media, _, _ := mime.ParseMediaType(p.r.Header.Get("Content-Type")); {
	case errors.As(err, &over):
		return p.refuse(billhook.CodeTooLarge, "", "problem.formTooLarge", int(over.Limit>>10))
	case err != nil, media != "application/x-www-form-urlencoded" && p.r.ContentLength != 0:
		return p.refuse(billhook.CodeInvalid, "", "problem.formUnread")
	}
	return nil
}
