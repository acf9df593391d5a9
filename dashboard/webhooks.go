package dashboard

import "github.com/billhook/billhook"

// webhooksPage is what templates/pages/webhooks.html shows.
type webhooksPage struct {
	*page
	List  []billhook.Webhook
	Pager pager
}

func (p *page) webhooks() error {
	list, err := p.client.List(p.Context(), p.store.ID, p.cursor(), pageSize+1)
	if err != nil {
		return err
	}
	list, next := cut(list, func(w *billhook.Webhook) string { return w.ID })
	return p.render("webhooks", webhooksPage{page: p, List: list, Pager: p.pager(next)})
}
