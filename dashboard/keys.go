package dashboard

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/billhook/billhook"
)

// keysPage is what templates/pages/keys.html shows: the API keys of the store, or
// where there is none those that are for all stores.
type keysPage struct {
	*page
	List  []billhook.APIKey
	Pager pager
	// Gives are the permissions that the viewer may give.
	Gives []string
	// Form is what was sent, Days in how many days it was to expire, "" for never, and
	// Problem why it was refused.
	Form    billhook.KeyRequest
	Days    string
	Problem *problem
	// Made is the key that has just been made, and Secret its secret, which is shown
	// here and never again.
	Made   billhook.APIKey
	Secret string
}

// keyDays are the lives of a key to choose from, in days.
var keyDays = []string{"7", "30", "90", "365"}

func (p *page) keys() error {
	return p.showKeys(keysPage{page: p, Days: "90"}, nil)
}

// To be shown to whoever manages keys, and to nobody else's eyes: the page is not kept.
func (p *page) showKeys(shown keysPage, refused error) error {
	list, err := p.client.Keys(p.Context(), p.store.ID, p.cursor(), pageSize+1)
	if err != nil {
		return err
	}
	list, next := cut(list, func(k *billhook.APIKey) string { return k.ID })
	shown.List, shown.Pager = list, p.pager(next)
	for _, permission := range billhook.Permissions() {
		if p.May(permission) {
			shown.Gives = append(shown.Gives, permission)
		}
	}
	if refused == nil {
		return p.render("keys", shown)
	}
	shown.Problem = p.problem(refused)
	return p.renderWith(shown.Problem.Status, "keys", shown)
}

func (p *page) createKey() error {
	shown := keysPage{page: p, Days: p.r.PostForm.Get("days")}
	shown.Form = billhook.KeyRequest{
		StoreID: p.store.ID, AllStores: p.store.ID == "",
		Name: strings.TrimSpace(p.r.PostForm.Get("name")), Permissions: p.r.PostForm["permissions"],
	}
	err := p.giveKey(&shown.Form, shown.Days)
	if err == nil {
		shown.Made, shown.Secret, err = p.client.CreateKey(p.Context(), shown.Form)
	}
	if isRefused(err) {
		return p.showKeys(shown, err)
	}
	if err != nil {
		return err
	}
	shown.Form, shown.Days = billhook.KeyRequest{}, "90"
	return p.showKeys(shown, nil)
}

// giveKey keeps a viewer from making a key that can do more than their own: with a
// permission that they lack, or for longer. The scope of the route sees to the stores.
func (p *page) giveKey(r *billhook.KeyRequest, days string) error {
	for _, permission := range r.Permissions {
		// One that does not exist is told as such.
		if slices.Contains(billhook.Permissions(), permission) && !p.May(permission) {
			return p.refuse(codeForbidden, "", "problem.cannotGive", permission)
		}
	}
	if days != "" {
		n, err := strconv.Atoi(days)
		if err != nil || n < 1 || n > 3650 {
			return &billhook.Error{Code: billhook.CodeInvalid, Pointer: "/expiresAt", Message: "is not a number of days from 1 to 3650"}
		}
		r.ExpiresAt = time.Now().Add(time.Duration(n) * 24 * time.Hour)
	}
	if end := p.key.ExpiresAt; !end.IsZero() && (r.ExpiresAt.IsZero() || r.ExpiresAt.After(end)) {
		r.ExpiresAt = end
	}
	return nil
}

// KeyDays are the lives of a key to choose from.
func (k keysPage) KeyDays() []string { return keyDays }

// ExpiresAt is when the viewer's own key does, and with it all that it makes.
func (k keysPage) ExpiresAt() time.Time { return k.key.ExpiresAt }

// HasExpired reports whether a key is of no use any more.
func (k keysPage) HasExpired(key billhook.APIKey) bool {
	return !key.ExpiresAt.IsZero() && !time.Now().Before(key.ExpiresAt)
}

// IsOwn reports whether the viewer has signed in with the key.
func (p *page) IsOwn(key billhook.APIKey) bool { return key.ID == p.key.ID }

// IsChosen reports whether the form has a permission.
func (k keysPage) IsChosen(permission string) bool {
	return slices.Contains(k.Form.Permissions, permission)
}

// Keys is the address of the keys' page, or of one that is about a key.
func (p *page) Keys(parts ...string) string {
	parts = append([]string{"keys"}, parts...)
	if p.store.ID == "" {
		return p.Root(parts...)
	}
	return p.To(parts...)
}

// revokePage is what templates/pages/revoke.html shows.
type revokePage struct {
	*page
	Key billhook.APIKey
}

func (p *page) confirmRevoke() error {
	key, err := p.client.Key(p.Context(), p.store.ID, p.r.PathValue("id"))
	if err != nil {
		return err
	}
	p.parents = append(p.parents, link{Text: p.t("keys.title"), URL: p.Keys()})
	return p.render("revoke", revokePage{page: p, Key: key})
}

func (p *page) revokeKey() error {
	if err := p.client.RevokeKey(p.Context(), p.store.ID, p.r.PathValue("id")); err != nil {
		return err
	}
	return p.redirect(p.Keys(), "keys.done.revoked")
}
