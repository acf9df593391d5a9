package dashboard

import (
	"strings"

	"github.com/billhook/billhook"
)

// storesPage is what templates/pages/stores.html shows.
type storesPage struct {
	*page
	List  []billhook.Store
	Pager pager
	// Form is what was sent, and Problem why it was refused.
	Form    billhook.Store
	Problem *problem
}

// Profiles are those that a store can have.
func (p *page) Profiles() []string { return p.client.Profiles() }

// DefaultProfile is that of a store that chooses none.
func (s storesPage) DefaultProfile() string {
	its, ok := s.client.Profile("")
	if !ok {
		return ""
	}
	return its.Name
}

func (p *page) stores() error { return p.showStores(billhook.Store{}, nil) }

func (p *page) showStores(form billhook.Store, refused error) error {
	list, err := p.client.Stores(p.Context(), p.cursor(), pageSize+1)
	if err != nil {
		return err
	}
	list, next := cut(list, func(s *billhook.Store) string { return s.ID })
	shown := storesPage{page: p, List: list, Pager: p.pager(next), Form: form}
	if refused == nil {
		return p.render("stores", shown)
	}
	shown.Problem = p.problem(refused)
	return p.renderWith(shown.Problem.Status, "stores", shown)
}

func (p *page) createStore() error {
	form := billhook.Store{
		ID:      strings.TrimSpace(p.r.PostFormValue("id")),
		Name:    strings.TrimSpace(p.r.PostFormValue("name")),
		Profile: strings.TrimSpace(p.r.PostFormValue("profile")),
	}
	made, err := p.client.CreateStore(p.Context(), form)
	if isRefused(err) {
		return p.showStores(form, err)
	}
	if err != nil {
		return err
	}
	return p.redirect(p.Root("stores", made.ID), "stores.done.created")
}

// storeHome leads to the first page of the store that the viewer may see, and a merchant
// to their webhooks: that is what they have come for.
func (p *page) storeHome() error {
	nav := p.Nav()
	if len(nav) == 0 {
		return p.refuse(codeForbidden, "", "problem.noPage")
	}
	done := p.r.URL.Query().Get("done")
	if !isDone(done) {
		done = ""
	}
	first := nav[0].URL
	if p.portal && p.May(billhook.PermissionWebhooksRead) {
		first = p.To("webhooks")
	}
	return p.redirect(first, done)
}
