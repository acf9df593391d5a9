package dashboard

import (
	"strings"

	"github.com/billhook/billhook"
)

// deleteStorePage is what templates/pages/deletestore.html shows.
type deleteStorePage struct {
	*page
	Problem *problem
}

// confirmDeleteStore and deleteStore are for keys of all stores alone, which is why
// they find the store themselves.
func (p *page) confirmDeleteStore() error {
	if err := p.findStore(); err != nil {
		return err
	}
	return p.render("deletestore", deleteStorePage{page: p})
}

func (p *page) deleteStore() error {
	if err := p.findStore(); err != nil {
		return err
	}
	err := p.deleteTyped(strings.TrimSpace(p.r.PostFormValue("id")))
	if isRefused(err) {
		pr := p.problem(err)
		return p.renderWith(pr.Status, "deletestore", deleteStorePage{page: p, Problem: pr})
	}
	if err != nil {
		return err
	}
	return p.redirect(p.Root("stores"), "settings.done.deleted")
}

// deleteTyped deletes the store if its id was typed.
func (p *page) deleteTyped(id string) error {
	if id != p.store.ID {
		return &billhook.Error{Code: billhook.CodeInvalid, Pointer: "/confirmedId", Message: "is not the store's", Hint: "type " + p.store.ID + " to delete it"}
	}
	return p.client.DeleteStore(p.Context(), id)
}

func (p *page) findStore() (err error) {
	p.store, err = p.client.Store(p.Context(), p.r.PathValue("store"))
	if err == nil {
		p.within(p.t("settings.title"), "settings")
	}
	return err
}
