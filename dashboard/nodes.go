package dashboard

import (
	"time"

	"github.com/billhook/billhook"
)

// nodesPage is what templates/pages/nodes.html shows.
type nodesPage struct {
	*page
	List []billhook.Node
}

func (p *page) nodes() error {
	list, err := p.client.Nodes(p.Context())
	if err != nil {
		return err
	}
	return p.render("nodes", nodesPage{page: p, List: list})
}

// Since writes how long ago something was.
func (n nodesPage) Since(at time.Time) string {
	return n.words.duration(n.language, max(time.Since(at), 0))
}
